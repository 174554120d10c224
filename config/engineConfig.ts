const prefix = "quorum:";

/**
 * The raw configuration as the Pulumi engine hands it to the program: every value a text, structured
 * ones as JSON. Takes and ignores the keys of other namespaces.
 */
export function rawConfigOfEngine(all: Readonly<Record<string, string>>): Record<string, unknown> {
  return ownKeys(Object.entries(all).map(([key, text]) => [key, readValue(text)]));
}

/** The `quorum:*` entries without that prefix, ready for `parseConfig`. */
export function ownKeys(entries: readonly [string, unknown][]): Record<string, unknown> {
  return Object.fromEntries(
    entries
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), value]),
  );
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
