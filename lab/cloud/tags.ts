/** Tags of a resource that is about to be made, as EC2's API takes them. */
export function tagged(resource: string, tags: Record<string, string>): object[] {
  const list = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  return [{ ResourceType: resource, Tags: list }];
}
