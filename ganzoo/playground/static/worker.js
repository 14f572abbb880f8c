// Draws in a thread of its own, so that the page answers while the networks run.

import { Network, burnInsOf } from "./network.js";
import { Proposals, draw } from "./sampling.js";
import { Translator, drawTranslation } from "./translating.js";

let current = 0; // the number of the newest request; older ones end at their next chunk
let playground = null;
const say = (message, transferred = []) => self.postMessage(message, transferred);

async function read(url) {
  const address = new URL(url, import.meta.url);
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address.pathname} could not be loaded: HTTP status ${answer.status}.`);
  return answer.arrayBuffer();
}

// Lets messages of the page in.
const pause = () => new Promise((resolve) => setTimeout(resolve, 0));

async function load(facts) {
  if (facts.directions) {
    playground = { translator: new Translator(facts, read) };
    say({ type: "loaded" });
    return;
  }
  const [buffer, network] = await Promise.all([read(facts.burn_in), Network.load(facts, read)]);
  playground = { burnIns: burnInsOf(facts, buffer), proposals: new Proposals(facts, network) };
  say({ type: "loaded", burnIns: playground.burnIns });
}

async function answer(number, request) {
  const start = performance.now();
  const onProposals = async (proposals) => {
    if (number !== current) return false;
    say({ type: "proposals", number, proposals });
    await pause();
    return number === current;
  };
  const { translator, proposals, burnIns } = playground;
  if (translator) {
    const image = await translator.translate(request.picture, request.direction, request.seed);
    if (number !== current) return;
    say({ type: "translated", number, image, seconds: (performance.now() - start) / 1000 });
    if (!translator.facts.dropouts) return;
  }
  const drawn = translator
    ? await drawTranslation(translator, request, onProposals)
    : await draw(proposals, burnIns, request, onProposals);
  if (drawn === null) return;
  const indices = drawn.accepted.map(({ index }) => index);
  say({ type: "done", number, indices, numProposed: drawn.numProposed, seconds: (performance.now() - start) / 1000 });
}

self.onmessage = async ({ data }) => {
  try {
    if (data.type === "load") await load(data.facts);
    if (data.type === "stop") current = 0;
    if (data.type === "draw") {
      current = data.number;
      await answer(data.number, data.request);
    }
  } catch (error) {
    say({ type: "failed", message: error.message });
  }
};
