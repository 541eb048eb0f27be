// Names, label keys and label values: Kubernetes' rules, with the texts its API server gives.

const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const startsWithLetter = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const qualified = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

const labelText =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const subdomainText =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const serviceNameText =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const qualifiedText =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const labelValueText =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

function tooLong(limit: number): string {
  return `must be no more than ${limit} bytes`;
}

function check(text: string, limit: number, pattern: RegExp, wrong: string): readonly string[] {
  return [...(text.length > limit ? [tooLong(limit)] : []), ...(pattern.test(text) ? [] : [wrong])];
}

/** What is wrong with a name of containers, ports' owners, namespaces (RFC 1123 label); empty = nothing. */
export function dnsLabelProblems(text: string): readonly string[] {
  return check(text, 63, label, labelText);
}

/** What is wrong with the name of an ordinary object (RFC 1123 subdomain). */
export function dnsSubdomainProblems(text: string): readonly string[] {
  return check(text, 253, subdomain, subdomainText);
}

/** What is wrong with the name of a Service (RFC 1035 label: begins with a letter). */
export function serviceNameProblems(text: string): readonly string[] {
  return check(text, 63, startsWithLetter, serviceNameText);
}

function prefixProblems(prefix: string): readonly string[] {
  if (prefix === "") return ["prefix part must be non-empty"];
  return dnsSubdomainProblems(prefix).map((problem) => `prefix part ${problem}`);
}

/** What is wrong with a label or annotation key: `name` or `prefix/name`. */
export function labelKeyProblems(key: string): readonly string[] {
  const parts = key.split("/");
  const [name = "", prefix] = parts.length === 2 ? [parts[1], parts[0]] : [key];
  if (parts.length > 2) {
    return [
      "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
    ];
  }
  const own =
    name === "" ? ["name part must be non-empty"] : check(name, 63, qualified, qualifiedText);
  return [...(prefix === undefined ? [] : prefixProblems(prefix)), ...own];
}

export function labelValueProblems(value: string): readonly string[] {
  return check(value, 63, labelValue, labelValueText);
}

/** What is wrong with the name of a container port. */
export function portNameProblems(name: string): readonly string[] {
  const problems: string[] = [];
  if (name.length > 15) problems.push("must be no more than 15 characters");
  if (!/^[-a-z0-9]+$/.test(name))
    problems.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  if (!/[a-z]/.test(name)) problems.push("must contain at least one letter (a-z)");
  if (name.includes("--")) problems.push("must not contain consecutive hyphens");
  if (/^-|-$/.test(name)) problems.push("must not begin or end with a hyphen");
  return problems;
}

export function portNumberProblems(port: number): readonly string[] {
  return port >= 1 && port <= 65_535 ? [] : ["must be between 1 and 65535, inclusive"];
}

export function envNameProblems(name: string): readonly string[] {
  if (/^[\u0020-\u003c\u003e-\u007e]+$/.test(name)) return [];
  return [
    "a valid environment variable name must consist only of printable ASCII characters other than '='",
  ];
}
