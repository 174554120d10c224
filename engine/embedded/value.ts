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
}

export class Secret {
  readonly value: Value;
  constructor(value: Value) {
    this.value = value;
  }
}

/** Text or a local file; exactly one is set. */
export class Asset {
  readonly text: string | undefined;
  readonly path: string | undefined;
  constructor(source: { text?: string; path?: string }) {
    this.text = source.text;
    this.path = source.path;
  }
}

/** A local folder or archive file, or assets by name; exactly one is set. */
export class Archive {
  readonly path: string | undefined;
  readonly assets: Record<string, Asset | Archive> | undefined;
  constructor(source: { path?: string; assets?: Record<string, Asset | Archive> }) {
    this.path = source.path;
    this.assets = source.assets;
  }
}

export class ResourceReference {
  readonly urn: string;
  readonly id: string | undefined;
  constructor(urn: string, id?: string) {
    this.urn = urn;
    this.id = id;
  }
}
