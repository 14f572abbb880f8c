// Runs an ONNX file in onnxruntime-web, on one thread: node onnxruntime_web.mjs NODE_MODULES < request.json
// The request and the answers are JSON; arrays are {type, dims, data}, the data in base64.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const ort = createRequire(`${process.argv[2]}/`)("onnxruntime-web");
ort.env.wasm.numThreads = 1;

const ARRAYS = { float32: Float32Array, int64: BigInt64Array, int32: Int32Array, bool: Uint8Array };

const tensor = ({ type, dims, data }) => {
  const bytes = Uint8Array.from(Buffer.from(data, "base64"));
  return new ort.Tensor(type, new ARRAYS[type](bytes.buffer), dims);
};

const json = ({ type, dims, data }) => {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return { type, dims, data: bytes.toString("base64") };
};

const { model, requests, milliseconds } = JSON.parse(readFileSync(0));
const session = await ort.InferenceSession.create(readFileSync(model));
const answers = [];
for (const request of requests) {
  const inputs = Object.fromEntries(Object.entries(request).map(([name, value]) => [name, tensor(value)]));
  const outputs = await session.run(inputs);
  let best = Infinity;
  const end = performance.now() + milliseconds;
  while (best === Infinity || performance.now() < end) {
    const start = performance.now();
    await session.run(inputs);
    best = Math.min(best, performance.now() - start);
  }
  const named = Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, json(value)]));
  answers.push({ outputs: named, milliseconds: best });
}
console.log(JSON.stringify(answers));
