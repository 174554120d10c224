import type { Recording } from "./mocks.ts";

/** Names of what stands before a resource, directly or through others. */
export function predecessors(recording: Recording, type: string, name: string): Set<string> {
  const seen = new Set<string>();
  const visit = (one: string) => {
    if (seen.has(one)) return;
    seen.add(one);
    for (const next of recording.registrations.filter((found) => found.name === one))
      for (const dependency of next.dependencies) visit(dependency);
  };
  for (const dependency of recording.find(type, name).dependencies) visit(dependency);
  return seen;
}
