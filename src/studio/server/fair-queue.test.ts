import { expect, it } from "vitest";
import { FairQueue } from "./fair-queue.ts";

function filled(): FairQueue<string> {
  const queue = new FairQueue<string>();
  for (const item of ["a1", "a2", "a3", "b1", "c1", "c2"]) queue.add(item[0]!, item);
  return queue;
}

it("gives every client a turn before one has its second", () => {
  const queue = filled();
  const order = [...queue];
  expect(order).toEqual(["a1", "b1", "c1", "a2", "c2", "a3"]);
  const taken = order.map(() => queue.take());
  expect(taken).toEqual(order);
  expect([queue.take(), queue.length]).toEqual([undefined, 0]);
});

it("puts who comes back behind who waits", () => {
  const queue = filled();
  queue.take();
  queue.add("d", "d1");
  queue.add("b", "b2");
  expect([...queue]).toEqual(["b1", "c1", "a2", "d1", "b2", "c2", "a3"]);
});

it("lets items leave from anywhere", () => {
  const queue = filled();
  expect(queue.remove("a", "a2")).toBe(true);
  expect(queue.remove("b", "b1")).toBe(true);
  expect(queue.remove("b", "b1")).toBe(false);
  expect([...queue]).toEqual(["a1", "c1", "a3", "c2"]);
  expect([queue.length, queue.lengthOf("a"), queue.lengthOf("b")]).toEqual([4, 2, 0]);
});

it("takes a client's wanted items first, and the others nevertheless", () => {
  const left = new Set(["a1", "b1"]);
  const queue = new FairQueue<string>((item) => !left.has(item));
  for (const item of ["a1", "a2", "b1", "c1"]) queue.add(item[0]!, item);
  const order = [...queue];
  expect(order).toEqual(["a2", "b1", "c1", "a1"]);
  expect(order.map(() => queue.take())).toEqual(order);
});
