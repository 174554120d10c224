/**
 * Pulumi's resource names: `urn:pulumi:<stack>::<project>::<parent type>$<type>::<name>`.
 */
export const rootStackType = "pulumi:pulumi:Stack";
export const stackReferenceType = "pulumi:pulumi:StackReference";
const providerTypePrefix = "pulumi:providers:";

/** URN of a resource. The root stack adds nothing to the types of its children. */
export function makeUrn(
  stack: string,
  project: string,
  parentUrn: string | undefined,
  type: string,
  name: string,
): string {
  const parentType = parentUrn === undefined ? "" : qualifiedTypeOf(parentUrn);
  const qualified =
    parentType === "" || parentType === rootStackType ? type : `${parentType}$${type}`;
  return `urn:pulumi:${stack}::${project}::${qualified}::${name}`;
}

/** Types of a URN with those of its parents, joined by `$`. */
export function qualifiedTypeOf(urn: string): string {
  return urn.split("::")[2] ?? "";
}

/** The type token of a URN, without its parents. */
export function typeOf(urn: string): string {
  const qualified = qualifiedTypeOf(urn);
  return qualified.slice(qualified.lastIndexOf("$") + 1);
}

/** The logical name; it may itself contain `::`. */
export function nameOf(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

export function stackOf(urn: string): string {
  return (urn.split("::")[0] ?? "").slice("urn:pulumi:".length);
}

export function projectOf(urn: string): string {
  return urn.split("::")[1] ?? "";
}

/** Package of a type token: `aws` for `aws:ec2/vpc:Vpc` and for `pulumi:providers:aws`. */
export function packageOf(type: string): string {
  return isProviderType(type) ? type.slice(providerTypePrefix.length) : (type.split(":")[0] ?? "");
}

export function isProviderType(type: string): boolean {
  return type.startsWith(providerTypePrefix);
}

/** Default providers are made by the engine and shown to nobody. */
export function isDefaultProvider(urn: string): boolean {
  return isProviderType(typeOf(urn)) && /^default(_|$)/.test(nameOf(urn));
}

export function providerTypeOf(packageName: string): string {
  return providerTypePrefix + packageName;
}

/** A provider reference is the provider's URN and its id. */
export function splitProviderReference(reference: string): { urn: string; id: string } {
  const at = reference.lastIndexOf("::");
  return { urn: reference.slice(0, at), id: reference.slice(at + 2) };
}

/** `aws:ec2/vpc:Vpc` is shown as `aws:ec2:Vpc`: the file of a type is no news to a reader. */
export function displayType(type: string): string {
  const [packageName, module, name] = type.split(":");
  if (packageName === undefined || module === undefined || name === undefined) return type;
  const slash = module.indexOf("/");
  if (slash < 0) return type;
  const file = module.slice(slash + 1);
  const fromName = name.slice(0, 1).toLowerCase() + name.slice(1);
  return file === fromName ? `${packageName}:${module.slice(0, slash)}:${name}` : type;
}
