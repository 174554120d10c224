import { at, entriesIn } from "../../proof/read.ts";
import type { ResourceRule } from "../rule.ts";

const types = [
  "aws:iam/rolePolicy:RolePolicy",
  "aws:iam/policy:Policy",
  "aws:iam/userPolicy:UserPolicy",
  "aws:iam/groupPolicy:GroupPolicy",
];

/**
 * Actions for which AWS has no resource to scope to: such as only read, and the channels of Session
 * Manager. Source: AWS Service Authorization Reference, "Resource types" column.
 */
const unscopable =
  /^[a-z0-9-]+:(Describe|List)[A-Za-z]*$|^ec2:GetInstanceTypesFromInstanceRequirements$|^ecr:GetAuthorizationToken$|^sts:GetCallerIdentity$|^ssmmessages:(Create|Open)(Control|Data)Channel$/;

function texts(value: unknown): string[] {
  return typeof value === "string" ? [value] : entriesIn(value).map(String);
}

function statements(policy: unknown): unknown[] | undefined {
  if (typeof policy !== "string") return undefined;
  try {
    const found = at(JSON.parse(policy), "Statement");
    return Array.isArray(found) ? found : [found];
  } catch {
    return undefined;
  }
}

function wrongIn(statement: unknown): string[] {
  if (at(statement, "Effect") !== "Allow") return [];
  const actions = texts(at(statement, "Action"));
  const found = actions
    .filter((action) => action === "*" || action.endsWith(":*"))
    .map((action) => `it allows ${action}: list the actions that are used`);
  if (at(statement, "NotAction") !== undefined) {
    found.push("it allows all but a few actions (NotAction): list the actions that are used");
  }
  if (!texts(at(statement, "Resource")).includes("*")) return found;
  if (at(statement, "Condition") !== undefined) return found;
  const scopable = actions.filter((action) => !unscopable.test(action) && !action.endsWith("*"));
  if (scopable.length > 0) {
    found.push(`it allows ${scopable.join(", ")} on every resource: name the resources`);
  }
  return found;
}

export const scopedIam: ResourceRule = {
  kind: "resource",
  name: "scoped-iam",
  description: "Policies name their actions, and the resources wherever AWS can scope an action.",
  level: "mandatory",
  check({ type, inputs }) {
    if (!types.includes(type)) return [];
    return statements(inputs.policy)?.flatMap(wrongIn) ?? [];
  },
};
