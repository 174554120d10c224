import * as pulumi from "@pulumi/pulumi";

/** One resource of the program, as tests describe it. */
interface ThingSpec {
  name: string;
  inputs?: Record<string, unknown>;
  /** Inputs taken from the output `value` of another thing. */
  from?: Record<string, string>;
  secret?: string[];
  parent?: string;
  dependsOn?: string[];
  component?: true;
  type?: string;
  /** Further resource options, as they are. */
  options?: Record<string, unknown>;
  aliases?: string[];
  deletedWith?: string;
}

class Thing extends pulumi.CustomResource {
  declare readonly value: pulumi.Output<string>;
  constructor(type: string, name: string, inputs: pulumi.Inputs, options: object) {
    super(type, name, { ...inputs, value: undefined }, options);
  }
}

class Group extends pulumi.ComponentResource {}

const specs: ThingSpec[] = JSON.parse(process.env.THINGS ?? "[]");
const made = new Map<string, Thing | Group>();
const outputs: Record<string, unknown> = {};

for (const spec of specs) {
  const inputs: pulumi.Inputs = { ...spec.inputs };
  for (const key of spec.secret ?? []) inputs[key] = pulumi.secret(inputs[key]);
  for (const [key, name] of Object.entries(spec.from ?? {})) {
    inputs[key] = (made.get(name) as Thing).value;
  }
  const options = {
    ...spec.options,
    ...(spec.parent && { parent: made.get(spec.parent) }),
    ...(spec.dependsOn && { dependsOn: spec.dependsOn.map((name) => made.get(name)) }),
    ...(spec.aliases && { aliases: spec.aliases.map((name) => ({ name })) }),
    ...(spec.deletedWith && { deletedWith: made.get(spec.deletedWith) }),
  } as pulumi.CustomResourceOptions;
  if (spec.component) {
    made.set(spec.name, new Group("test:index:Group", spec.name, {}, options));
    continue;
  }
  const thing = new Thing(spec.type ?? "test:index:Thing", spec.name, inputs, options);
  made.set(spec.name, thing);
  outputs[spec.name] = thing.value;
}

if (process.env.THINGS_FAIL === "throw") throw new Error("the program is broken");
if (process.env.THINGS_FAIL === "run-error") throw new pulumi.RunError("only this message");

export default outputs;
