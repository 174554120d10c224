import * as pulumi from "@pulumi/pulumi";

/** What a test asks for, by name of the note. */
interface NoteSpec {
  text: string;
  generation?: number;
  deleteFirst?: boolean;
  after?: string;
  secret?: boolean;
  options?: Record<string, unknown>;
}

const provider: pulumi.dynamic.ResourceProvider = {
  async create(inputs) {
    return { id: `note-${inputs.generation}`, outs: { ...inputs, shout: `${inputs.text}!` } };
  },
  async diff(_id, olds, news) {
    return {
      changes: olds.text !== news.text || olds.generation !== news.generation,
      replaces: olds.generation === news.generation ? [] : ["generation"],
      deleteBeforeReplace: news.deleteFirst === true,
    };
  },
  async update(_id, _olds, news) {
    return { outs: { ...news, shout: `${news.text}!` } };
  },
  async delete() {},
};

class Note extends pulumi.dynamic.Resource {
  declare readonly shout: pulumi.Output<string>;
  constructor(name: string, inputs: pulumi.Inputs, options: pulumi.CustomResourceOptions) {
    super(provider, name, { shout: undefined, ...inputs }, options);
  }
}

class Folder extends pulumi.ComponentResource {
  constructor(name: string) {
    super("notes:index:Folder", name);
    this.registerOutputs({ kind: "folder" });
  }
}

const specs: Record<string, NoteSpec> = JSON.parse(process.env.NOTES ?? "{}");
const folder = new Folder("folder");
const notes = new Map<string, Note>();
const outputs: Record<string, unknown> = {};

for (const [name, spec] of Object.entries(specs)) {
  const { text, generation = 1, deleteFirst = false, after, secret, options } = spec;
  const before = after === undefined ? undefined : notes.get(after)?.shout;
  const plain = before === undefined ? text : pulumi.interpolate`${text} ${before}`;
  const inputs = { text: secret ? pulumi.secret(plain) : plain, generation, deleteFirst };
  const note = new Note(name, inputs, {
    parent: folder,
    ...(secret && { additionalSecretOutputs: ["shout"] }),
    ...options,
  });
  notes.set(name, note);
  outputs[name] = note.shout;
}

export default outputs;
