// Loads what the folder holds, and shows the page that suits it.

import { Playground } from "./sampling_page.js";
import { TranslationPage } from "./translation_page.js";

const [problem, state, parts] = ["problem", "state", "parts"].map((id) => document.getElementById(id));

function fail(message) {
  problem.textContent = message;
  problem.hidden = false;
  state.hidden = true;
}

async function factsOfPage() {
  const answer = await fetch(new URL("playground.json", import.meta.url));
  if (!answer.ok) throw new Error(`playground.json could not be loaded: HTTP status ${answer.status}.`);
  return answer.json();
}

async function start() {
  const facts = await factsOfPage();
  const title = `${facts.name}${facts.dataset ? ` on ${facts.dataset}` : ""}`;
  document.title = `${title}: ${facts.directions ? "translation" : "rejection"} in the browser`;
  document.getElementById("title").textContent = title;
  const step = facts.step ? `, trained for ${facts.step.toLocaleString("en")} steps,` : "";
  const what = facts.directions
    ? "translates pictures"
    : "proposes samples. Each is accepted with a probability that the density ratio gives it";
  document.getElementById("lead").textContent = `The generator${step} ${what}.`;
  state.hidden = false;
  const Page = facts.directions ? TranslationPage : Playground;
  const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  worker.onerror = (event) => fail(`The drawing could not start: ${event.message ?? "this browser has no module workers"}.`);
  let shown = null;
  worker.onmessage = ({ data }) => {
    if (data.type === "failed") {
      fail(`The networks could not be run: ${data.message}`);
    } else if (data.type === "loaded") {
      state.hidden = true;
      parts.hidden = false;
      shown = new Page(parts, worker, facts, data);
    } else {
      shown.hear(data);
    }
  };
  worker.postMessage({ type: "load", facts });
}

start().catch((error) => fail(error.message));
