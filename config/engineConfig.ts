import { distance } from "fastest-levenshtein";

const namespace = "quorum";
const prefix = `${namespace}:`;

/**
 * The raw configuration as the Pulumi engine hands it to the program: every value a text, structured
 * ones as JSON. Takes and ignores the keys of other namespaces.
 */
export function rawConfigOfEngine(all: Readonly<Record<string, string>>): Record<string, unknown> {
  return ownKeys(Object.entries(all).map(([key, text]) => [key, readValue(text)]));
}

/**
 * The `quorum:*` entries without that prefix, ready for `parseConfig`. A key whose namespace is all but
 * ours stays whole, which `parseConfig` refuses: ignored, it would change nothing and say nothing.
 */
export function ownKeys(entries: readonly [string, unknown][]): Record<string, unknown> {
  return Object.fromEntries(
    entries.flatMap(([key, value]) => {
      if (key.startsWith(prefix)) return [[key.slice(prefix.length), value]];
      return isMisspelt(key) ? [[key, value]] : [];
    }),
  );
}

function isMisspelt(key: string): boolean {
  const end = key.indexOf(":");
  return end > 0 && end < 20 && distance(key.slice(0, end).toLowerCase(), namespace) <= 2;
}

/** Only objects and lists are JSON: `"123456789012"` in quotes must stay a text. */
function readValue(text: string): unknown {
  if (!/^[[{]/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    // No JSON after all; the form of the key decides.
    return text;
  }
}
