import {
  Archive,
  Asset,
  type Inputs,
  type Outputs,
  ResourceReference,
  Secret,
  Unknown,
  type Value,
} from "./value.ts";
import { setOwn } from "./values.ts";

/** Plain JSON, as it stands on the wire (a protobuf Struct) and in checkpoints. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonMap = { [key: string]: Json };

/** Pulumi's signatures of values that JSON cannot say; public constants of its SDKs. */
export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const signatureKey = "4dabf18193072939515e22adb298388d";
const assetSignature = "c44067f5952c0a294b673a41bacd8c17";
const archiveSignature = "0def7320c3a5731c473e5ecbe6d01bc7";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const resourceSignature = "5cf8f73096256a8f31e491e813e4eb8e";
const outputSignature = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

/** What a secret looks like in everything that people or other programs read. */
export const maskedSecret = "[secret]";

/** How secrets are written and read; the rest of the encoding is the same everywhere. */
interface SecretForm {
  encode(secret: Secret): Json;
  decode(json: JsonMap): Value;
}

const wireSecrets: SecretForm = {
  encode: (secret) => ({
    [signatureKey]: secretSignature,
    value: encode(secret.value, wireSecrets),
  }),
  decode: (json) => secretOf(decode(json.value ?? null, wireSecrets)),
};

const maskedSecrets: SecretForm = {
  encode: () => maskedSecret,
  decode: (json) => secretOf(decode(json.value ?? null, maskedSecrets)),
};

/** Values as the program sends them. Throws on a signature that nobody knows. */
export function decodeWire(json: Json): Value {
  return decode(json, wireSecrets);
}

export function encodeWire(value: Value): Json {
  return encode(value, wireSecrets);
}

export function decodeWireMap(json: JsonMap): Inputs {
  return decodeMap(json, wireSecrets) as Inputs;
}

export function encodeWireMap(properties: Outputs): JsonMap {
  return encodeMap(properties, wireSecrets);
}

/** Values for display and for preview JSON: secrets masked, unknowns as Pulumi's marker text. */
export function encodeMasked(value: Value): Json {
  return encode(value, maskedSecrets);
}

export function encodeMaskedMap(properties: Outputs): JsonMap {
  return encodeMap(properties, maskedSecrets);
}

/** Seals the JSON text of one secret; opens what `seal` made. */
export interface SecretSealer {
  seal(plaintext: string): string;
  open(ciphertext: string): string;
}

/** Encoder of checkpoints: secrets as ciphertext. A secret that was read is written back unchanged. */
export class CheckpointCodec {
  readonly #form: SecretForm;
  readonly #known = new WeakMap<Secret, string>();

  constructor(sealer: SecretSealer) {
    this.#form = {
      encode: (secret) => {
        let ciphertext = this.#known.get(secret);
        if (ciphertext === undefined) {
          ciphertext = sealer.seal(JSON.stringify(encode(secret.value, wireSecrets)));
          this.#known.set(secret, ciphertext);
        }
        return { [signatureKey]: secretSignature, ciphertext };
      },
      decode: (json) => {
        if (typeof json.plaintext === "string") {
          return secretOf(decode(JSON.parse(json.plaintext), wireSecrets));
        }
        if (typeof json.ciphertext !== "string") {
          throw new Error("a secret in the checkpoint has neither ciphertext nor plaintext");
        }
        const secret = secretOf(decode(JSON.parse(sealer.open(json.ciphertext)), wireSecrets));
        this.#known.set(secret, json.ciphertext);
        return secret;
      },
    };
  }

  encodeMap(properties: Outputs): JsonMap {
    return encodeMap(properties, this.#form);
  }

  decodeMap(json: JsonMap): Outputs {
    return decodeMap(json, this.#form) as Outputs;
  }
}

function secretOf(value: Value): Secret {
  return value instanceof Secret ? value : new Secret(value);
}

function encodeMap(properties: Outputs, form: SecretForm): JsonMap {
  const result: JsonMap = {};
  for (const key of Object.keys(properties)) {
    setOwn(result, key, encode(properties[key] as Value, form));
  }
  return result;
}

function encode(value: Value, form: SecretForm): Json {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => encode(item, form));
  if (value instanceof Unknown) return unknownValue;
  if (value instanceof Secret) return form.encode(value);
  if (value instanceof Asset) return encodeAsset(value);
  if (value instanceof Archive) return encodeArchive(value, form);
  if (value instanceof ResourceReference) return encodeReference(value);
  return encodeMap(value, form);
}

function defined(entries: Record<string, Json | undefined>): JsonMap {
  const result: JsonMap = {};
  for (const [key, item] of Object.entries(entries)) if (item !== undefined) result[key] = item;
  return result;
}

function encodeAsset(asset: Asset): JsonMap {
  const { hash, text, path, uri } = asset;
  return defined({ [signatureKey]: assetSignature, hash, text, path, uri });
}

function encodeArchive(archive: Archive, form: SecretForm): JsonMap {
  const { hash, path, uri } = archive;
  const assets = archive.assets === undefined ? undefined : encodeMap(archive.assets, form);
  return defined({ [signatureKey]: archiveSignature, hash, path, uri, assets });
}

function encodeReference(reference: ResourceReference): JsonMap {
  const { urn, id, packageVersion } = reference;
  return defined({ [signatureKey]: resourceSignature, urn, id, packageVersion });
}

function decodeMap(json: JsonMap, form: SecretForm): { [key: string]: Value } {
  const result: { [key: string]: Value } = {};
  for (const key of Object.keys(json)) setOwn(result, key, decode(json[key] as Json, form));
  return result;
}

function decode(json: Json, form: SecretForm): Value {
  if (json === unknownValue) return Unknown.value;
  if (typeof json !== "object" || json === null) return json;
  if (Array.isArray(json)) return json.map((item) => decode(item, form));
  const signature = Object.hasOwn(json, signatureKey) ? json[signatureKey] : undefined;
  switch (signature) {
    case undefined:
      return decodeMap(json, form);
    case secretSignature:
      return form.decode(json);
    case assetSignature:
      return new Asset({
        text: text(json.text),
        path: text(json.path),
        uri: text(json.uri),
        hash: text(json.hash),
      });
    case archiveSignature:
      return decodeArchive(json, form);
    case resourceSignature:
      return new ResourceReference(
        text(json.urn) ?? "",
        json.id === "" ? undefined : text(json.id),
        text(json.packageVersion),
      );
    case outputSignature:
      return decodeOutput(json, form);
    default:
      throw new Error(`unknown signature ${JSON.stringify(signature)} in a property value`);
  }
}

function decodeArchive(json: JsonMap, form: SecretForm): Archive {
  const assets: Record<string, Asset | Archive> = {};
  const members = json.assets ?? null;
  if (isJsonMap(members)) {
    for (const [name, member] of Object.entries(members)) {
      const asset = decode(member, form);
      if (!(asset instanceof Asset || asset instanceof Archive)) {
        throw new Error(`member ${JSON.stringify(name)} of an archive is no asset or archive`);
      }
      setOwn(assets, name, asset);
    }
  }
  return new Archive({
    path: text(json.path),
    uri: text(json.uri),
    hash: text(json.hash),
    assets: isJsonMap(members) ? assets : undefined,
  });
}

/** An output that crosses the wire whole: no `value` means not known yet. */
function decodeOutput(json: JsonMap, form: SecretForm): Value {
  const value = Object.hasOwn(json, "value")
    ? decode(json.value as Json, form)
    : (Unknown.value as Value);
  return json.secret === true ? secretOf(value) : value;
}

function isJsonMap(json: Json): json is JsonMap {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

function text(json: Json | undefined): string | undefined {
  return typeof json === "string" ? json : undefined;
}
