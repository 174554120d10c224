import {
  Archive,
  Asset,
  type Inputs,
  ResourceReference,
  Secret,
  Unknown,
  type Value,
} from "./value.ts";

/** True for a plain map, false for lists and for everything that has a class of its own. */
export function isMap(value: Value): value is { [key: string]: Value } {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Unknown) &&
    !(value instanceof Secret) &&
    !(value instanceof Asset) &&
    !(value instanceof Archive) &&
    !(value instanceof ResourceReference)
  );
}

/** Sets an own property even where the key is `__proto__`. */
export function setOwn<T>(target: Record<string, T>, key: string, value: T): void {
  if (key === "__proto__") {
    Object.defineProperty(target, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  } else {
    target[key] = value;
  }
}

/** Rebuilds a value from the leaves up; `visit` sees every node whose parts are already rebuilt. */
export function mapValue(value: Value, visit: (value: Value) => Value): Value {
  if (Array.isArray(value)) return visit(value.map((item) => mapValue(item, visit)));
  if (value instanceof Secret) return visit(new Secret(mapValue(value.value, visit)));
  if (!isMap(value)) return visit(value);
  const result: { [key: string]: Value } = {};
  for (const key of Object.keys(value)) setOwn(result, key, mapValue(value[key] as Value, visit));
  return visit(result);
}

/** The same value without secret wrappers, at any depth. */
export function revealSecrets(value: Value): Value {
  return hasSecret(value)
    ? mapValue(value, (part) => (part instanceof Secret ? part.value : part))
    : value;
}

/** `revealSecrets` for a whole property map. */
export function revealAll(properties: Inputs): Inputs {
  const result: Inputs = {};
  for (const key of Object.keys(properties)) {
    setOwn(result, key, revealSecrets(properties[key] as Value));
  }
  return result;
}

export function hasSecret(value: Value): boolean {
  return some(value, (part) => part instanceof Secret);
}

export function hasUnknown(value: Value): boolean {
  return some(value, (part) => part instanceof Unknown);
}

function some(value: Value, matches: (part: Value) => boolean): boolean {
  if (matches(value)) return true;
  if (Array.isArray(value)) return value.some((item) => some(item, matches));
  if (value instanceof Secret) return some(value.value, matches);
  if (!isMap(value)) return false;
  for (const key of Object.keys(value)) if (some(value[key] as Value, matches)) return true;
  return false;
}

/** Equality by content. Secrets equal their content; an unknown equals nothing but an unknown. */
export function sameValue(left: Value, right: Value): boolean {
  if (left instanceof Secret) return sameValue(left.value, right);
  if (right instanceof Secret) return sameValue(left, right.value);
  if (left === right) return true;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) {
    return false;
  }
  if (Array.isArray(left) || Array.isArray(right)) {
    return (
      Array.isArray(left) &&
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((item, index) => sameValue(item, right[index] as Value))
    );
  }
  if (left instanceof Asset && right instanceof Asset) return sameAsset(left, right);
  if (left instanceof Archive && right instanceof Archive) return sameArchive(left, right);
  if (left instanceof ResourceReference && right instanceof ResourceReference) {
    return left.urn === right.urn;
  }
  return isMap(left) && isMap(right) && sameMap(left, right);
}

export function sameMap(left: Inputs, right: Inputs): boolean {
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every(
      (key) => Object.hasOwn(right, key) && sameValue(left[key] as Value, right[key] as Value),
    )
  );
}

function sameAsset(left: Asset, right: Asset): boolean {
  if (left.hash !== undefined && right.hash !== undefined) return left.hash === right.hash;
  return left.text === right.text && left.path === right.path && left.uri === right.uri;
}

function sameArchive(left: Archive, right: Archive): boolean {
  if (left.hash !== undefined && right.hash !== undefined) return left.hash === right.hash;
  const leftAssets = left.assets ?? {};
  const rightAssets = right.assets ?? {};
  const names = Object.keys(leftAssets);
  return (
    left.path === right.path &&
    left.uri === right.uri &&
    names.length === Object.keys(rightAssets).length &&
    names.every((name) => {
      const [a, b] = [leftAssets[name], rightAssets[name]];
      return a !== undefined && b !== undefined && sameValue(a, b);
    })
  );
}

/** Shortest secret text that is looked for inside other texts; shorter ones would match by chance. */
const shortestTracedSecret = 12;

/**
 * Puts secret marks back on values that a provider returned: where the program marked the input of
 * the same place, on the keys in `secretKeys`, and on any text that contains a secret input.
 */
export function remarkSecrets(
  outputs: Inputs,
  inputs: Inputs,
  secretKeys: Iterable<string>,
): Inputs {
  const texts = new Set<string>();
  for (const value of Object.values(inputs)) collectSecretTexts(value, false, texts);
  const always = new Set(secretKeys);
  const result: Inputs = {};
  for (const key of Object.keys(outputs)) {
    const output = outputs[key] as Value;
    const input = Object.hasOwn(inputs, key) ? inputs[key] : undefined;
    let marked = input === undefined ? output : remark(output, input);
    if (!(marked instanceof Secret) && !hasSecret(marked) && leaks(marked, texts)) {
      marked = new Secret(marked);
    }
    if (always.has(key) && !(marked instanceof Secret)) marked = new Secret(revealSecrets(marked));
    setOwn(result, key, marked);
  }
  return result;
}

function remark(output: Value, input: Value): Value {
  if (output instanceof Secret) return output;
  if (input instanceof Secret) return new Secret(output);
  if (Array.isArray(output) && Array.isArray(input)) {
    return output.map((item, index) => {
      const counterpart = input[index];
      return counterpart === undefined ? item : remark(item, counterpart);
    });
  }
  if (!isMap(output) || !isMap(input)) return output;
  const result: { [key: string]: Value } = {};
  for (const key of Object.keys(output)) {
    const counterpart = Object.hasOwn(input, key) ? input[key] : undefined;
    const item = output[key] as Value;
    setOwn(result, key, counterpart === undefined ? item : remark(item, counterpart));
  }
  return result;
}

function collectSecretTexts(value: Value, secret: boolean, texts: Set<string>): void {
  if (value instanceof Secret) collectSecretTexts(value.value, true, texts);
  else if (typeof value === "string") {
    if (secret && value.length >= shortestTracedSecret) texts.add(value);
  } else if (Array.isArray(value)) {
    for (const item of value) collectSecretTexts(item, secret, texts);
  } else if (isMap(value)) {
    for (const item of Object.values(value)) collectSecretTexts(item, secret, texts);
  }
}

function leaks(value: Value, texts: ReadonlySet<string>): boolean {
  if (texts.size === 0) return false;
  return some(value, (part) => {
    if (typeof part !== "string" || part.length < shortestTracedSecret) return false;
    for (const text of texts) if (part.includes(text)) return true;
    return false;
  });
}
