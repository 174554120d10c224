import { stringify } from "yaml";
import type { MachineFile } from "../machine.ts";

/**
 * A readable file of YAML documents, in their order. Kubernetes' programs read YAML 1.1, where a bare
 * "off" is no text.
 */
export function yamlFile(path: string, documents: readonly object[]): MachineFile {
  const texts = documents.map((one) => stringify(one, { version: "1.1" }));
  return { path, mode: "0644", text: texts.join("---\n") };
}
