/** What the report asks a Prometheus, and what it believes; a real one answers in tests/lab/watch.test.ts. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { h } from "preact";
import { render } from "preact-render-to-string";
import { renderCharts, withUnit } from "../../cli/report/charts";
import { readCharts, STEP } from "../../cli/report/prometheus";

const until = 1_800_000_000;
const jobs = { status: "success", data: { result: [{ metric: { job: "node" } }, { metric: { job: 'a.b"c' } }] } };
const matrix = (result: unknown) => ({ status: "success", data: { resultType: "matrix", result } });

let server: Server;
let asked: { query: string; authorization: string | undefined }[];
let answer: (query: string) => unknown;

beforeAll(async () => {
    server = createServer((request, response) => {
        void text(request).then((body) => {
            const query = new URLSearchParams(body).get("query")!;
            asked.push({ query, authorization: request.headers.authorization });
            const said = query.startsWith("group by (job)") ? jobs : answer(query);
            response.end(typeof said === "string" ? said : JSON.stringify(said));
        });
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
});
beforeEach(() => {
    asked = [];
    answer = () => matrix([]);
});
afterAll(() => new Promise((closed) => server.close(closed)));

const address = (user = "") => `http://${user}127.0.0.1:${(server.address() as AddressInfo).port}/prometheus`;
const series = (name: string, values: [number, string][]) => ({ metric: { instance: name }, values });

test("asks for the jobs of node-exporters, as a pattern that PromQL takes for their names alone", async () => {
    await readCharts(address(), until);
    expect(asked.map(({ query }) => query).find((query) => query.startsWith("up{"))).toContain(
        String.raw`job=~"node|a\\.b\\\"c"`,
    );
    expect(asked.every(({ authorization }) => authorization === undefined)).toBe(true);
});

test("leaves out what has nothing to show, and values that are no number", async () => {
    answer = (query) =>
        matrix(
            query.startsWith("up{")
                ? [
                      series("pve01", [
                          [until - STEP, "1"],
                          [until, "NaN"],
                      ]),
                  ]
                : [],
        );
    const { rows } = await readCharts(address(), until);
    expect(rows.map(({ title, panels }) => [title, panels.map(({ panel }) => panel.title)])).toEqual([
        ["Up", ["Up or down"]],
    ]);
    expect(rows[0]!.panels[0]!.series).toEqual([{ name: "pve01", points: [[until - STEP, 1]] }]);
});

test("a user and password are sent as such, and stand in no message", async () => {
    await readCharts(address("watch:s%40cret@"), until);
    expect(asked[0]!.authorization).toBe(`Basic ${Buffer.from("watch:s@cret").toString("base64")}`);
    answer = () => ({ status: "error", error: "no" });
    await expect(readCharts(address("watch:s%40cret@"), until)).rejects.toThrow(
        /^http:\/\/127\.0\.0\.1:\d+\/prometheus\/ cannot be asked: no$/,
    );
});

test.each<[string, unknown, RegExp]>([
    ["a page", "<html>", /its answer is none of Prometheus's/],
    ["another shape", { status: "success", data: { result: [{ metric: { instance: 7 }, values: [] }] } }, /is none of/],
    ["a refusal", { status: "error", error: "query timed out" }, /query timed out/],
    ["without an end", matrix(Array(20_001).fill(series("x", []))), /more than 20,000 series/],
])("says what is wrong with an answer: %s", async (_, said, expected) => {
    answer = () => said;
    await expect(readCharts(address(), until)).rejects.toThrow(expected);
});

test.each(["127.0.0.1:9090", "file:///etc/passwd", ""])("refuses what is no address: %j", async (given) => {
    await expect(readCharts(given, until)).rejects.toThrow("--prometheus takes the address of its pages");
});

test("says that nobody answers", async () => {
    await expect(readCharts("http://127.0.0.1:9", until)).rejects.toThrow(/^http:\/\/127\.0\.0\.1:9\/ cannot be asked/);
});

test("a stranger's label is text, the worst come first, and what fell silent is said", async () => {
    const day = Array.from({ length: 97 }, (_, index): [number, string] => [until - 86_400 + index * STEP, "1"]);
    const down = day.map(([time], index): [number, string] => [time, index > 90 ? "0" : "1"]);
    answer = (query) =>
        matrix(
            query.startsWith("up{")
                ? [series("<script>alert(1)</script>", day), series("gone", day.slice(0, 40)), series("pve02", down)]
                : [],
        );
    const page = render(h("body", null, renderCharts(await readCharts(address(), until))));
    expect(page).not.toContain("<script");
    const items = [...page.matchAll(/<li>(.*?)<\/li>/g)].map(([, item]) => item!.replace(/<[^>]+>/g, ""));
    expect(items).toEqual(["1. pve02 down", "2. gone nothing any more", "3. &lt;script>alert(1)&lt;/script> up"]);
    // One bar for what never changed, two for what did.
    expect(page.match(/fill="var\(--(?:clean|hazard)\)"/g)).toHaveLength(4);
});

test("of many lines the highest are drawn, and how many are not is said", async () => {
    answer = (query) =>
        matrix(
            query.startsWith("node_load1")
                ? Array.from({ length: 11 }, (_, index) => series(`pve${index}`, [[until, String(index)]]))
                : [],
        );
    const page = render(h("body", null, renderCharts(await readCharts(address(), until))));
    expect(page).toContain("pve10 <strong>10</strong>");
    expect(page).toContain("and 3 more, lower ones");
    expect(page).not.toContain("pve2 ");
});

test.each([
    ["percentunit", 0.034, "3.4 %"],
    ["percentunit", 0.9, "90 %"],
    ["Bps", 0, "0 B/s"],
    ["Bps", 1500, "1.5 kB/s"],
    ["Bps", 3.2e10, "32 GB/s"],
    ["s", 90, "90 s"],
    ["s", 600, "10 min"],
    ["s", 30_000, "8.3 h"],
    ["s", 864_000, "10.0 d"],
    ["celsius", 45.4, "45 °C"],
    ["short", 3, "3"],
    ["short", 0.456, "0.46"],
])("%s: %d is %s", (unit, value, expected) => {
    expect(withUnit(unit, value)).toBe(expected);
});
