/** Texts of templates/ by their path below it, e.g. "etcd/etcd.service". */
export type Templates = ReadonlyMap<string, string>;

const placeholder = /@([A-Z][A-Z0-9_]*)@/g;

/**
 * Text of a template that has no placeholders, e.g. a script.
 * @throws Error when there is no such template.
 */
export function text(templates: Templates, path: string): string {
  const found = templates.get(path);
  if (found === undefined) throw new Error(`there is no template ${path}`);
  return found;
}

/**
 * Replaces every `@KEY@` of a template.
 * @throws Error when the template has a key without a value, or a value is not used.
 */
export function fill(
  templates: Templates,
  path: string,
  values: Readonly<Record<string, string | number>>,
): string {
  const unused = new Set(Object.keys(values));
  const filled = text(templates, path).replace(placeholder, (_, key: string) => {
    const value = values[key];
    if (value === undefined)
      throw new Error(`template ${path} asks for ${key}, which has no value`);
    unused.delete(key);
    return String(value);
  });
  if (unused.size > 0) {
    throw new Error(`template ${path} does not use ${[...unused].sort().join(", ")}`);
  }
  return filled;
}

/** Lines KEY="value" that a POSIX shell can source. @throws Error on a value that needs quoting. */
export function shellVariables(values: Readonly<Record<string, string | number>>): string {
  const lines = Object.entries(values).map(([key, value]) => {
    if (/["$`\\\n]/.test(String(value))) throw new Error(`${key} cannot be put into an env file`);
    return `${key}="${value}"\n`;
  });
  return lines.join("");
}
