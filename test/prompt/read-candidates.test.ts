import { describe, expect, it } from "vitest";
import { parseModelOutput } from "../../src/prompt/read/parse-model-output.ts";
import { readValue } from "../../src/prompt/read/read-value.ts";

const book = { signature: "title: str, pages: int, tags?: list[str]" } as const;
const good = '{"title": "B", "pages": 2}';

describe("of several values in an answer", () => {
  it.each([
    ["the last of equal ones", `Like {"title": "A", "pages": 1}. So: ${good}`],
    ["one without unknown keys, though it comes first", `${good} not {"title": "A", "pages": 1, "author": "x"}`],
    ["one that needs no bending, though it comes first", `${good} or {"title": "A", "pages": "1"}`],
    ["one with fewer values bent", `{"title": "B", "pages": "2"} or {"title": 7, "pages": "1"}`],
    ["a fenced one before a later free one", `\`\`\`json\n${good}\n\`\`\`\nnot {"title": "A", "pages": 1}`],
    ["the last fenced one", `\`\`\`\n{"title": "A", "pages": 1}\n\`\`\`\n\`\`\`\n${good}\n\`\`\``],
    ["an answer before a thought", `<think>{"title": "A", "pages": 1}</think> {"title": "B", "pages": "2"}`],
    ["a whole object before a wrapped one", `${good} or {"book": {"title": "A", "pages": 1}}`],
    [
      "one that fits, shorter than one that does not",
      `{"title": "A", "note": "much longer than it"} ${good} [1, 2, 3]`,
    ],
    ["a broken one that fits", `{"title": "A"} and {title: 'B', pages: 2,}`],
  ])("takes %s", (_, text) => {
    expect(parseModelOutput(text, book)).toEqual(JSON.parse(good));
  });

  it("gives more of the optional fields the preference", () => {
    const text = '{"title": "B", "pages": 2, "tags": ["x"]} or {"title": "A", "pages": 1}';
    expect(parseModelOutput(text, book)).toEqual({ title: "B", pages: 2, tags: ["x"] });
  });

  it("takes a value on each line for a list, and the last for an object", () => {
    const lines = '{"title": "A", "pages": 1}\n{"title": "B", "pages": 2}\n';
    expect(readValue(lines)).toHaveLength(2);
    expect(parseModelOutput(lines, book)).toEqual({ title: "B", pages: 2 });
    expect(parseModelOutput(lines, { signature: "books: list[{ title: str, pages: int }]" })).toEqual({
      books: [
        { title: "A", pages: 1 },
        { title: "B", pages: 2 },
      ],
    });
  });

  it("takes a thousand lines for a list", () => {
    const lines = Array.from({ length: 1000 }, (_, id) => JSON.stringify({ id })).join("\n");
    expect(readValue(lines)).toHaveLength(1000);
    expect(readValue(`Here:\n\`\`\`jsonl\n${lines}\n\`\`\`\n`)).toHaveLength(1000);
  });

  it("takes the last of two fences, and of values between prose, for the value", () => {
    expect(readValue('```\n{"a": 1}\n```\n```\n{"b": 2}\n```')).toEqual({ b: 2 });
    expect(readValue('{"a": 1} then {"b": 2}')).toEqual({ b: 2 });
    expect(readValue('See {x}\n```\n{"a": 1}\n{"b": 2}\n```')).toEqual([{ a: 1 }, { b: 2 }]);
  });
});

describe("a literal that was cut off", () => {
  it.each([
    ['{"a": 1, "b": tr', "a: int, b: bool", { a: 1, b: true }],
    ['{"a": 1, "b": tr', "a: int, b: str", { a: 1, b: "tr" }],
    ['{"a": 1, "b": true', "a: int, b: str", { a: 1, b: "true" }],
    ['{"b": ["x", fal', "b: list[str]", { b: ["x", "fal"] }],
    ['{"b": [true, fal', "b: list[bool]", { b: [true, false] }],
  ] as const)("of %s is what %s wants", (text, signature, value) => {
    expect(parseModelOutput<string>(text, { signature })).toEqual(value);
  });

  it("is the literal where nothing says otherwise", () => {
    expect(parseModelOutput('{"a": tr')).toEqual({ a: true });
  });
});

describe("an answer in lines", () => {
  it.each([
    ["as they are", "title: B\npages: 2"],
    ["with equals signs", "title = B\npages = 2"],
    ["with marks and other case", "Here it is:\n\n- **Title:** B\n- **Pages**: 2\n"],
    ["numbered, quoted", '1. "title": "B",\n2. "pages": 2'],
    ["after a thought", "<think>title: A</think>\nTitle: B\n\nPages: 2"],
  ])("is read %s when it has every field", (_, text) => {
    expect(parseModelOutput(text, book)).toEqual({ title: "B", pages: 2 });
  });

  it("keeps text of several lines and lists of bullets", () => {
    const text = "# Title: One\nand two\nPages: 3\nTags:\n- x\n- y\n";
    expect(parseModelOutput(text, book)).toEqual({ title: "One\nand two", pages: 3, tags: ["x", "y"] });
    expect(parseModelOutput('title: B\npages: 2\ntags: ["x", "y",]', book)).toEqual({
      title: "B",
      pages: 2,
      tags: ["x", "y"],
    });
  });

  it("is refused when a field is missing, and when strict", () => {
    expect(() => parseModelOutput("title: B", book)).toThrowError(
      expect.objectContaining({ code: "output_unreadable" }),
    );
    expect(() => parseModelOutput("title: B\npages: 2", { ...book, strict: true })).toThrowError(
      expect.objectContaining({ code: "output_unreadable" }),
    );
  });
});
