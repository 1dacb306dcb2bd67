/** What a schema refuses, in one line: which setting, its value and what is allowed. */
import { z } from "zod";

/**
 * The first problem of a value that its schema has refused, as in
 * `optimizer.clip: must be a number above 0 or null, not ""`.
 */
export function problemIn(schema: z.ZodType, value: unknown, error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined) return "it is not as expected";
  const place = issue.path.map(String).join(".");
  return `${place && `${place}: `}${explained(schema, value, issue)}`;
}

/** An issue without its place. */
export function explained(schema: z.ZodType, value: unknown, issue: z.core.$ZodIssue): string {
  const message = issue.message.replaceAll(/\s*\n\s*/g, " ").replace(/\.$/, "");
  // Of a pattern the schema's own words say more.
  if (issue.code === "custom" || (issue.code === "invalid_format" && issue.format !== "date")) {
    return message;
  }
  const node = nodeAt(schema, issue.path);
  if (issue.code === "unrecognized_keys") {
    const known = Object.keys(node?.properties ?? {});
    const has = known.length === 0 ? "" : `; there are ${known.join(", ")}`;
    return `there is no setting ${issue.keys.join(", ")}${has}`;
  }
  const wanted = node && allowedBy(node);
  if (wanted === undefined) return message;
  const found = issue.path.reduce(inner, value);
  return `must be ${wanted}, ${found === undefined ? "but is missing" : `not ${shown(found)}`}`;
}

type Node = z.core.JSONSchema.JSONSchema;

/** The part of a schema that a path leads to, as JSON Schema; undefined where it cannot be told. */
function nodeAt(schema: z.ZodType, path: readonly PropertyKey[]): Node | undefined {
  for (const io of ["input", "output"] as const) {
    const whole = z.toJSONSchema(schema, { io, unrepresentable: "any" }) as Node;
    const node = path.reduce<Node | undefined>((node, key) => node && childOf(node, key), whole);
    if (node !== undefined && allowedBy(node) !== undefined) return node;
  }
  return undefined;
}

function childOf(node: Node, key: PropertyKey): Node | undefined {
  const choices = node.anyOf ?? node.oneOf;
  if (choices !== undefined) {
    const found = choices.map((choice) => childOf(choice as Node, key));
    return found.find((child) => child !== undefined);
  }
  const child =
    typeof key === "number"
      ? (node.prefixItems?.[key] ?? node.items)
      : (node.properties?.[String(key)] ?? node.additionalProperties);
  return typeof child === "object" ? (child as Node) : undefined;
}

/** What a part allows, in words; undefined where they are wanting. */
function allowedBy(node: Node): string | undefined {
  const choices = node.anyOf ?? node.oneOf;
  if (choices !== undefined) {
    const each = choices.map((choice) => allowedBy(choice as Node));
    return each.includes(undefined) ? undefined : [...new Set(each)].join(" or ");
  }
  if (node.const !== undefined) return JSON.stringify(node.const);
  if (node.enum !== undefined) return `one of ${node.enum.map(String).join(", ")}`;
  switch (node.type) {
    case "integer":
      return `a whole number${range(node)}`;
    case "number":
      return `a number${range(node)}`;
    case "string":
      return node.format === "date" ? "a date such as 2026-01-31" : "text";
    case "boolean":
      return "true or false";
    case "null":
      return "null";
    case "array":
      return "a list";
    case "object":
      return "an object";
    default:
      return undefined;
  }
}

function range({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }: Node): string {
  // What every whole number keeps to is not worth saying.
  const bounded = (value: number | boolean | undefined) =>
    typeof value !== "number" || Math.abs(value) === Number.MAX_SAFE_INTEGER ? undefined : value;
  const least = bounded(minimum);
  const above = bounded(exclusiveMinimum);
  const most = bounded(maximum);
  const below = bounded(exclusiveMaximum);
  const upper = most !== undefined ? `to ${most}` : below !== undefined ? `to below ${below}` : "";
  if (upper !== "") {
    const lower =
      least !== undefined ? `from ${least}` : above !== undefined ? `above ${above}` : "";
    return ` ${lower} ${upper}`.replaceAll(/ +/g, " ").replace("above", "from above");
  }
  if (least !== undefined) return ` of at least ${least}`;
  return above === undefined ? "" : ` above ${above}`;
}

function inner(value: unknown, key: PropertyKey): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return new Map<PropertyKey, unknown>(Object.entries(value)).get(String(key));
}

/** A value as it would be typed, cut short. */
function shown(value: unknown): string {
  const text = typeof value === "number" ? String(value) : asJson(value);
  return text.length <= 40 ? text : `${text.slice(0, 37)}...`;
}

function asJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    // What was nested too deeply to be written could be read all the same.
    return Array.isArray(value) ? "a list of lists" : "an object of objects";
  }
}
