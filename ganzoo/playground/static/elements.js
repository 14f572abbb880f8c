// Elements by tag, attributes and content.

const SVG = "http://www.w3.org/2000/svg";
const OF_SVG = new Set(["svg", "rect", "path", "line"]);

// make("p", {class: "soft"}, "text", otherElement)
export function make(tag, attributes = {}, ...content) {
  const element = OF_SVG.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null) continue;
    element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...content);
  return element;
}

// A labelled slider: its row, its input, and `value()`. `words` says a value in the output beside the slider.
export function slider(label, { id, min, max, step, value, words = String }) {
  const input = make("input", { type: "range", id, min, max, step, value });
  const output = make("output", { for: id });
  const say = () => {
    output.textContent = words(Number(input.value));
    input.setAttribute("aria-valuetext", output.textContent);
  };
  input.addEventListener("input", say);
  say();
  const row = make("div", { class: "setting" }, make("label", { for: id }, label), input, output);
  return { row, input, value: () => Number(input.value) };
}

// A field for a seed, an int32, with a button for the next one: its row and `value()`. The button calls `onNext`.
export function seedOf(onNext) {
  const field = make("input", { type: "number", id: "seed", min: -(2 ** 31), max: 2 ** 31 - 1, step: 1, value: 1 });
  const value = () => Math.min(Math.max(Math.trunc(Number(field.value)) || 0, -(2 ** 31)), 2 ** 31 - 1);
  const next = make("button", { type: "button" }, "Next seed");
  next.addEventListener("click", () => {
    field.value = (value() + 1) | 0;
    onNext();
  });
  return { row: make("div", { class: "setting" }, make("label", { for: "seed" }, "seed"), field, next), value };
}

// A group of radio buttons: its fieldset and `value()`. `choices` are [value, label] pairs.
export function radios(legend, name, choices, chosen) {
  const buttons = choices.map(([value, label]) => {
    const id = `${name}-${value}`;
    const button = make("input", { type: "radio", name, id, value, checked: value === chosen });
    return [button, make("span", { class: "choice" }, button, make("label", { for: id }, label))];
  });
  const row = make("fieldset", {}, make("legend", {}, legend), ...buttons.map(([, element]) => element));
  return { row, value: () => buttons.find(([button]) => button.checked)[0].value };
}

// A group of check boxes: its fieldset and `value()`, the places of the checked ones.
export function checks(legend, name, labels) {
  const boxes = labels.map((label, place) => {
    const id = `${name}-${place}`;
    const box = make("input", { type: "checkbox", id, checked: true });
    return [box, make("span", { class: "choice" }, box, make("label", { for: id }, String(label)))];
  });
  const several = make("div", { class: "several" }, ...boxes.map(([, element]) => element));
  const row = make("fieldset", {}, make("legend", {}, legend), several);
  return { row, value: () => boxes.flatMap(([box], place) => (box.checked ? [place] : [])) };
}

// The line of a legend in a colour of style.css.
export function swatch(name) {
  return make("svg", { viewBox: "0 0 26 10", "aria-hidden": "true" }, make("line", { class: name, x1: 0, y1: 5, x2: 26, y2: 5 }));
}

// A part of the page under a heading.
export function section(id, title, ...content) {
  return make("section", { "aria-labelledby": id }, make("h2", { id }, title), ...content);
}

export const percent = (share) => `${share >= 0.1 || share === 0 ? Math.round(100 * share) : (100 * share).toPrecision(2)} %`;
