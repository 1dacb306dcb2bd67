import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeOnnx, exp, Graph, matmul, mul, reduceSum } from "../../graph/index.ts";
import { PaletteError } from "../../util/errors.ts";
import type { Engine, EngineTensors } from "../runtime.ts";
import { createEngine } from "./engine.ts";

/** y = 2x for x [3]. */
function doubling(): Uint8Array {
  const graph = new Graph();
  return encodeOnnx(graph, { y: mul(graph.input("x", [3]), 2) });
}

/** A chain of matrix products that keeps one core busy for some tenths of a second. */
function slow(): { model: Uint8Array; side: number } {
  const side = 700;
  const graph = new Graph();
  let x = graph.input("x", [side, side]);
  for (let i = 0; i < 40; i++) x = matmul(x, x);
  return { model: encodeOnnx(graph, { y: reduceSum(x, [0, 1]) }), side };
}

describe("an engine", () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine(doubling());
  });
  afterAll(() => engine.dispose());

  it("computes the outputs by name, with their shapes", async () => {
    const { y } = await engine.run({ x: { data: Float32Array.of(1, 2, 3), shape: [3] } });
    expect(y).toEqual({ data: Float32Array.of(2, 4, 6), shape: [3] });
  });

  it("answers each of two runs queued at once", async () => {
    const run = (value: number) =>
      engine.run({ x: { data: new Float32Array(3).fill(value), shape: [3] } });
    const [first, second] = await Promise.all([run(1), run(10)]);
    expect([...first!.y!.data]).toEqual([2, 2, 2]);
    expect([...second!.y!.data]).toEqual([20, 20, 20]);
  });

  it("leaves the caller's arrays alone and takes parts of larger ones, shared ones too", async () => {
    const whole = new Float32Array(new SharedArrayBuffer(40)).fill(5);
    const part = whole.subarray(2, 5);
    const { y } = await engine.run({ x: { data: part, shape: [3] } });
    expect([...y!.data]).toEqual([10, 10, 10]);
    expect([...whole]).toEqual(new Array(10).fill(5));
  });

  it("rejects a wrong input in one line and goes on", async () => {
    const wrong = [
      { z: { data: new Float32Array(3), shape: [3] } },
      { x: { data: new Float32Array(4), shape: [4] } },
      {},
    ];
    for (const feeds of wrong as EngineTensors[]) {
      const error = await engine.run(feeds).catch((error: Error) => error);
      expect(error).toBeInstanceOf(Error);
      expect((error as Error).message).toContain("x");
      expect((error as Error).message).not.toContain("\n");
    }
    const { y } = await engine.run({ x: { data: new Float32Array(3), shape: [3] } });
    expect([...y!.data]).toEqual([0, 0, 0]);
  });
});

describe("the event loop", () => {
  it("goes on while an engine computes, and disposing ends what is running", async () => {
    const { model, side } = slow();
    const engine = await createEngine(model);
    const feeds = { x: { data: new Float32Array(side * side), shape: [side, side] } };
    let ticks = 0;
    const timer = setInterval(() => {
      ticks += 1;
    }, 5);
    const start = performance.now();
    await engine.run(feeds);
    const duration = performance.now() - start;
    clearInterval(timer);
    expect(duration).toBeGreaterThan(50);
    expect(ticks).toBeGreaterThan(duration / 5 / 4);

    const running = expect(engine.run(feeds)).rejects.toThrow(PaletteError);
    await engine.dispose();
    await running;
  });
});

describe("disposing", () => {
  it("makes further runs fail with one line that says what to do, and may be repeated", async () => {
    const engine = await createEngine(doubling());
    await engine.dispose();
    await engine.dispose();
    const run = engine.run({ x: { data: new Float32Array(3), shape: [3] } });
    await expect(run).rejects.toThrow(PaletteError);
    await expect(run).rejects.toThrow("disposed");
  });
});

describe("a bad model", () => {
  const unknownOp = () => {
    const graph = new Graph();
    const model = encodeOnnx(graph, { y: exp(graph.input("x", [3])) });
    return Buffer.from(Buffer.from(model).toString("latin1").replaceAll("Exp", "Exq"), "latin1");
  };
  it.each<[string, () => Uint8Array]>([
    ["nothing", () => new Uint8Array()],
    ["noise", () => Uint8Array.from({ length: 1000 }, (_, i) => (i * 7919) % 251)],
    ["a truncated model", () => doubling().subarray(0, 60)],
    ["an op that does not exist", unknownOp],
  ])("is refused in one line: %s", async (_name, model) => {
    const error = await createEngine(model()).catch((error: Error) => error);
    expect(error).toBeInstanceOf(PaletteError);
    expect((error as Error).message).toMatch(/^the cpu engine does not accept this graph: \S.*$/);
  });

  it("leaves no thread behind", async () => {
    const before = threads();
    const engine = await createEngine(doubling());
    expect(threads()).toBe(before + 1);
    await engine.dispose();
    await expect(createEngine(new Uint8Array(5))).rejects.toThrow();
    expect(threads()).toBe(before);
  });
});

/** Worker threads that live. */
function threads(): number {
  return (process.report.getReport() as { workers: unknown[] }).workers.length;
}

describe("a program", () => {
  const setUp = `
    import { createEngine } from ${JSON.stringify(new URL("./engine.ts", import.meta.url).href)};
    const engineFor = (model) => createEngine(Buffer.from(model, "base64"));`;
  const base64 = (model: Uint8Array) => JSON.stringify(Buffer.from(model).toString("base64"));
  const run = (program: string) =>
    promisify(execFile)(
      process.execPath,
      ["--import", "tsx", "--input-type=module", "--eval", setUp + program],
      { timeout: 30_000 },
    );

  it("exits with its own code in the middle of a run", async () => {
    const { model, side } = slow();
    const exit = run(`
      const engine = await engineFor(${base64(model)});
      const data = new Float32Array(${side * side});
      engine.run({ x: { data, shape: [${side}, ${side}] } });
      setTimeout(() => process.exit(7), 50);`);
    await expect(exit).rejects.toMatchObject({ code: 7, stderr: "" });
  });

  it("ends when its work is done though an engine was not disposed of", async () => {
    const { stdout } = await run(`
      const engine = await engineFor(${base64(doubling())});
      const { y } = await engine.run({ x: { data: Float32Array.of(1, 2, 3), shape: [3] } });
      console.log(y.data.join());`);
    expect(stdout.trim()).toBe("2,4,6");
  });
});
