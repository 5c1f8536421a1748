import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parser } from "@prometheus-io/lezer-promql";
import { fleetDashboard } from "../../model/dashboard/dashboard";
import { rows, type Row } from "../../model/dashboard/panels";

const panels = rows.flatMap((row) => row.panels);
const queries = panels.flatMap(({ title, queries }) => queries.map(({ expr }) => [title, expr] as const));

/** By PromQL's own grammar, as Grafana's editor has it. */
function faults(expr: string): string[] {
    const found: string[] = [];
    parser.parse(expr).iterate({
        enter: ({ type, from, to }) => {
            if (type.isError) found.push(`${from} to ${to}: ${expr.slice(Math.max(0, from - 10), to + 10)}`);
        },
    });
    return found;
}

describe("the dashboard's queries", () => {
    test.each(queries)("%s: %s", (_, expr) => {
        // Grafana fills these in before Prometheus sees the query.
        expect(faults(expr.replaceAll("$__rate_interval", "1m"))).toEqual([]);
        if (!expr.includes("holdfast_drift_")) expect(expr).toMatch(/job=~"\$job",instance=~"\$instance"/);
        expect(expr).not.toMatch(/\[(?!\$__rate_interval\])/);
    });

    test("the grammar finds what is wrong", () => {
        expect(faults("sum by (instance (up)")).not.toEqual([]);
    });

    test("ask for metrics that something writes", () => {
        const written = [
            "programs/usr/local/lib/holdfast/boot-readiness.py",
            "programs/usr/local/lib/holdfast/config-backup.py",
            "programs/usr/local/lib/holdfast/backup-drill.py",
            "programs/usr/local/lib/holdfast/temperature.py",
            "programs/usr/local/lib/holdfast/sel-fill.py",
            "programs/etc/holdfast/network-guard.py",
        ].map((file) => readFileSync(join(__dirname, "../..", file), "utf8"));
        const ours = queries.flatMap(([, expr]) => expr.match(/holdfast_(?!drift_)\w+/g) ?? []);
        expect(ours.length).toBeGreaterThan(6);
        for (const name of ours) expect(written.some((text) => text.includes(`"${name}"`)) ? name : "").toBe(name);
    });
});

describe("the dashboard", () => {
    type Given = NonNullable<Row["needs"]>;
    const board = (...has: Given[]) =>
        JSON.parse(JSON.stringify(fleetDashboard((needed) => has.includes(needed)))) as {
            readonly panels: { readonly type: string; readonly title?: string; readonly fieldConfig?: object }[];
            readonly templating: { readonly list: { readonly name: string; readonly type: string }[] };
            readonly [key: string]: unknown;
        };
    const titles = (...has: Given[]) =>
        board(...has).panels.flatMap(({ type, title = "" }) => (type === "row" ? [title] : []));

    test("has only the rows that the fleet can fill", () => {
        expect(titles()).toEqual(["Up", "Load"]);
        expect(titles("bootReadiness", "configBackup")).toEqual(["Up", "The next boot", "Backup", "Load"]);
    });

    test("has datasource, job and machine as variables, and is written by nobody in the browser", () => {
        expect(board()).toMatchObject({
            uid: "holdfast-fleet",
            editable: false,
            templating: {
                list: [
                    { name: "datasource", type: "datasource" },
                    { name: "job", type: "query" },
                    { name: "instance", type: "query", multi: true, includeAll: true, allValue: ".*" },
                ],
            },
        });
    });

    test("says of each panel its unit, its query and where the limits are", () => {
        const heat = board("temperature").panels.find(({ title }) => title === "Temperatures");
        expect(heat).toMatchObject({
            type: "timeseries",
            datasource: { uid: "${datasource}" },
            fieldConfig: {
                defaults: {
                    unit: "celsius",
                    thresholds: {
                        mode: "absolute",
                        steps: [
                            { value: null, color: "green" },
                            { value: 75, color: "orange" },
                            { value: 90, color: "red" },
                        ],
                    },
                },
            },
            targets: [{ legendFormat: "{{instance}} {{sensor}}" }],
        });
    });

    test("names no two panels alike, and each says what it shows", () => {
        expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
        expect(panels.filter(({ description }) => description.length < 20)).toEqual([]);
    });
});
