import { parse } from "yaml";
import { ownKeys } from "./engineConfig.ts";

/**
 * The raw configuration in a stack file, as `parseConfig` takes it.
 * @param yaml text of `Pulumi.<stack>.yaml`.
 * @throws YAMLParseError when it is no YAML.
 */
export function rawConfigOfStackFile(yaml: string): Record<string, unknown> {
  const file = parse(yaml) as { config?: Record<string, unknown> } | null;
  return ownKeys(Object.entries(file?.config ?? {}));
}
