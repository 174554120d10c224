/**
 * Property values inside the engine: plain JSON plus what JSON cannot say. Wire and checkpoint
 * encodings (Pulumi's signature keys) live in `propertyCodec.ts`, nowhere else.
 */
export type Value =
  | null
  | boolean
  | number
  | string
  | Value[]
  | { [key: string]: Value }
  | Unknown
  | Secret
  | Asset
  | Archive
  | ResourceReference;

export type Inputs = Record<string, Value>;
export type Outputs = Record<string, Value>;

/** Not known before the resource behind it exists. Preview only. */
export class Unknown {
  static readonly value = new Unknown();

  toString(): string {
    return "output<unknown>";
  }
}

export class Secret {
  readonly value: Value;
  constructor(value: Value) {
    this.value = value;
  }
}

/** Text, a local file or an address; exactly one is set. */
export class Asset {
  readonly text: string | undefined;
  readonly path: string | undefined;
  readonly uri: string | undefined;
  /** SHA-256 of the content in hex; set by the engine at registration. */
  readonly hash: string | undefined;
  constructor(source: {
    text?: string | undefined;
    path?: string | undefined;
    uri?: string | undefined;
    hash?: string | undefined;
  }) {
    this.text = source.text;
    this.path = source.path;
    this.uri = source.uri;
    this.hash = source.hash;
  }
}

/** A local folder or archive file, assets by name, or an address; exactly one is set. */
export class Archive {
  readonly path: string | undefined;
  readonly assets: Record<string, Asset | Archive> | undefined;
  readonly uri: string | undefined;
  /** SHA-256 over names and contents in hex; set by the engine at registration. */
  readonly hash: string | undefined;
  constructor(source: {
    path?: string | undefined;
    assets?: Record<string, Asset | Archive> | undefined;
    uri?: string | undefined;
    hash?: string | undefined;
  }) {
    this.path = source.path;
    this.assets = source.assets;
    this.uri = source.uri;
    this.hash = source.hash;
  }
}

export class ResourceReference {
  readonly urn: string;
  readonly id: string | undefined;
  readonly packageVersion: string | undefined;
  constructor(urn: string, id?: string, packageVersion?: string) {
    this.urn = urn;
    this.id = id;
    this.packageVersion = packageVersion;
  }
}
