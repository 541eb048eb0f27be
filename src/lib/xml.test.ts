import { describe, expect, it } from "vitest";
import { membersAt, parseXml, textAt } from "./xml.ts";

function rootOf(xml: string) {
  const result = parseXml(xml);
  if (!result.ok) throw new Error(result.problem);
  return result.root;
}

describe("parseXml", () => {
  it("reads elements, text, entities, CDATA, and skips what is no content", () => {
    const root = rootOf(
      '\ufeff<?xml version="1.0"?><!-- a > b --><n:A x="1>2" y=\'>\'><B>1 &lt; 2 &#65;&#x42;&nbsp;</B><C/><B><![CDATA[<x>]]></B></n:A>\n',
    );
    expect(root).toEqual({
      name: "A",
      text: "",
      children: [
        { name: "B", text: "1 < 2 AB&nbsp;", children: [] },
        { name: "C", text: "", children: [] },
        { name: "B", text: "<x>", children: [] },
      ],
    });
  });

  it("finds texts and the members of lists", () => {
    const root = rootOf("<R><L><member>a</member><other/><member>b</member></L><T> t </T></R>");
    expect(membersAt(root, "L").map(({ text }) => text)).toEqual(["a", "b"]);
    expect(membersAt(root, "none")).toEqual([]);
    expect([textAt(root, "T"), textAt(root, "none")]).toEqual(["t", ""]);
  });

  it.each([
    ["", "there is no element"],
    ["no markup", "there is no element"],
    ["<a>", "<a> has no end"],
    ["<a></b>", "</b> ends nothing (offset 3)"],
    ["</a>", "</a> ends nothing (offset 0)"],
    ["<a/><b/>", "there is more than one element"],
    ["<a/>text", "there is more than one element"],
    ['<!DOCTYPE a [<!ENTITY x "y">]><a/>', "unexpected markup at offset 0"],
    ["<a", "unexpected markup at offset 0"],
    ["<a>".repeat(101), "elements are nested too deeply (offset 300)"],
  ])("refuses %j", (xml, problem) => {
    expect(parseXml(xml)).toEqual({ ok: false, problem });
  });

  it("reads megabytes in no time", () => {
    const xml = `<R>${"<member>1.5</member>".repeat(100_000)}</R>`;
    expect(rootOf(xml).children).toHaveLength(100_000);
  });
});
