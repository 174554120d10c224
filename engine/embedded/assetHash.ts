import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { Archive, Asset, type Inputs, Secret, type Value } from "./value.ts";
import { isMap, setOwn } from "./values.ts";

/**
 * Gives every asset and archive its content hash, so that a changed file is a changed input.
 * Paths are relative to `root`. A file that cannot be read throws.
 */
export async function hashAssets(inputs: Inputs, root: string): Promise<Inputs> {
  if (!Object.values(inputs).some(hasAsset)) return inputs;
  return (await hashed(inputs, root)) as Inputs;
}

function hasAsset(value: Value): boolean {
  if (value instanceof Asset || value instanceof Archive) return true;
  if (value instanceof Secret) return hasAsset(value.value);
  if (Array.isArray(value)) return value.some(hasAsset);
  return isMap(value) && Object.values(value).some(hasAsset);
}

async function hashed(value: Value, root: string): Promise<Value> {
  if (value instanceof Asset) return hashedAsset(value, root);
  if (value instanceof Archive) return hashedArchive(value, root);
  if (value instanceof Secret) return new Secret(await hashed(value.value, root));
  if (Array.isArray(value)) return Promise.all(value.map((item) => hashed(item, root)));
  if (!isMap(value)) return value;
  const result: { [key: string]: Value } = {};
  for (const key of Object.keys(value))
    setOwn(result, key, await hashed(value[key] as Value, root));
  return result;
}

async function hashedAsset(asset: Asset, root: string): Promise<Asset> {
  const content =
    asset.path === undefined
      ? (asset.text ?? asset.uri ?? "")
      : await readFile(path.resolve(root, asset.path));
  return new Asset({ ...asset, hash: createHash("sha256").update(content).digest("hex") });
}

async function hashedArchive(archive: Archive, root: string): Promise<Archive> {
  const hash = createHash("sha256");
  if (archive.path !== undefined) {
    for (const [name, file] of await filesUnder(path.resolve(root, archive.path))) {
      hash
        .update(`${name}\0`)
        .update(await readFile(file))
        .update("\0");
    }
    return new Archive({ ...archive, hash: hash.digest("hex") });
  }
  const assets: Record<string, Asset | Archive> = {};
  for (const name of Object.keys(archive.assets ?? {}).toSorted()) {
    const member = (await hashed(archive.assets?.[name] as Value, root)) as Asset | Archive;
    setOwn(assets, name, member);
    hash.update(`${name}\0${member.hash}\0`);
  }
  hash.update(archive.uri ?? "");
  return new Archive({
    ...archive,
    assets: archive.assets === undefined ? undefined : assets,
    hash: hash.digest("hex"),
  });
}

/** Files by relative name, sorted; a single file stands under the empty name. */
async function filesUnder(root: string): Promise<[string, string][]> {
  if (!(await stat(root)).isDirectory()) return [["", root]];
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry): [string, string] => {
      const file = path.join(entry.parentPath, entry.name);
      return [path.relative(root, file), file];
    })
    .toSorted(([left], [right]) => (left < right ? -1 : 1));
}
