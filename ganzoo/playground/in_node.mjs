// Draws what a page would draw: node in_node.mjs SITE < request.json
// Arrays of the answer are float32 in base64. For a model that samples, the request is
// {seed, latents: rows, draws: [requests of sampling.js]}; for a translator {picture, seed, gammaPercentile, direction}.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const site = pathToFileURL(`${process.argv[2]}/`);
const load = (name) => import(new URL(name, site));
const read = (url) => {
  const bytes = readFileSync(new URL(url, site));
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
};
const base64 = (numbers) => Buffer.from(Float32Array.from(numbers).buffer).toString("base64");

const facts = JSON.parse(readFileSync(new URL("playground.json", site)));
const request = JSON.parse(readFileSync(0));

// The answer to one drawing; `begin(onProposals)` begins it.
async function drawn(begin) {
  let margin = 1;
  const start = performance.now();
  const { accepted, numProposed } = await begin((decided) => {
    for (const { probability, uniform } of decided) margin = Math.min(margin, Math.abs(probability - uniform));
  });
  const seconds = (performance.now() - start) / 1000;
  const samples = base64(accepted.flatMap(({ sample }) => Array.from(sample)));
  const ratios = base64(accepted.map(({ logRatio }) => logRatio));
  return { samples, log_ratio: ratios, num_proposed: numProposed, margin, seconds };
}

async function sampling() {
  const [{ draw, Proposals }, { Network, burnInsOf }, { latentsOf }] = await Promise.all(
    ["sampling.js", "network.js", "latents.js"].map(load),
  );
  const burnIns = burnInsOf(facts, read(facts.burn_in));
  const proposals = new Proposals(facts, await Network.load(facts, read));
  const draws = [];
  for (const each of request.draws) {
    draws.push(await drawn((onProposals) => draw(proposals, burnIns, { ...each, seed: request.seed }, onProposals)));
  }
  return { latents: base64(latentsOf(facts.latents, request.seed, 0, request.latents)), draws };
}

async function translating() {
  const { Translator, drawTranslation } = await load("translating.js");
  const translator = new Translator(facts, read);
  const picture = Float32Array.from(request.picture);
  const images = base64(await translator.translate(picture, request.direction, request.seed));
  if (!facts.dropouts) return { images };
  return { images, ...(await drawn((onProposals) => drawTranslation(translator, { ...request, picture }, onProposals))) };
}

console.log(JSON.stringify(await (facts.directions ? translating() : sampling())));
