// onnxruntime-web on one thread: no SharedArrayBuffer, so no special headers of the server.

const RUNTIME = new URL("./onnxruntime/", import.meta.url);

export async function session(file, read) {
  const ort = await import(new URL("ort.js", RUNTIME));
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = { mjs: new URL("ort-wasm.js", RUNTIME).href };
  ort.env.wasm.wasmBinary ??= await read(new URL("ort-wasm.wasm", RUNTIME));
  const model = new Uint8Array(await read(new URL(file, import.meta.url)));
  return { ort, session: await ort.InferenceSession.create(model, { executionProviders: ["wasm"] }) };
}

// The signature `propose`. `read(url)` resolves to a file's ArrayBuffer.
export class Network {
  static async load(facts, read) {
    return new Network(facts, await session(facts.onnx, read));
  }

  constructor(facts, { ort, session }) {
    Object.assign(this, { facts, ort, session });
  }

  async propose(latents, uniforms, labels) {
    const { Tensor } = this.ort;
    const rows = uniforms.length;
    const inputs = {
      latents: new Tensor("float32", latents, [rows, this.facts.latents.dim]),
      uniforms: new Tensor("float32", uniforms, [rows]),
    };
    if (labels) inputs.labels = new Tensor("int64", BigInt64Array.from(labels, BigInt), [rows]);
    const { samples, log_ratio } = await this.session.run(inputs, ["samples", "log_ratio"]);
    return { samples: samples.data, logRatios: log_ratio.data };
  }
}

// The burn-in of each class, from the file of float32 numbers.
export function burnInsOf(facts, buffer) {
  const numbers = new Float32Array(buffer);
  const rows = facts.classes?.length ?? 1;
  const length = numbers.length / rows;
  return Array.from({ length: rows }, (_, row) => numbers.subarray(row * length, (row + 1) * length));
}
