/** The report's charts, as SVG without a script. What a colour says stands beside it in words. */
import { init, type EChartsOption } from "echarts";
import { h, type ComponentChild } from "preact";
import type { Panel } from "../../model/dashboard/panels";
import { STEP, type Charts, type Series } from "./prometheus";

type Span = Pick<Charts, "from" | "until">;

const WIDTH = 340;
const LINES = 8;
const STATES = 40;
const palette = Array.from({ length: LINES }, (_, index) => `var(--series-${index})`);

export function renderCharts(charts: Charts): ComponentChild {
    return h(
        "section",
        { "aria-label": "The last day" },
        h("h2", null, "The last day"),
        charts.rows.map(({ title, panels }) => [
            h("h3", null, title),
            h(
                "div",
                { class: "charts" },
                panels.map(({ panel, series }) => renderPanel(panel, series, charts)),
            ),
        ]),
    );
}

function renderPanel(panel: Panel, series: readonly Series[], span: Span): ComponentChild {
    const sorted = byUrgency(panel, series, span);
    const shown = sorted.slice(0, panel.kind === "states" ? STATES : LINES);
    const left = sorted.length - shown.length;
    return h(
        "figure",
        { class: "chart" },
        h("figcaption", null, h("strong", null, panel.title), " ", h("span", null, panel.description)),
        panel.kind === "number"
            ? null
            : h("div", {
                  role: "img",
                  "aria-label": `${panel.title}, the last day`,
                  dangerouslySetInnerHTML: { __html: draw(panel, shown, span) },
              }),
        h(
            "ul",
            null,
            shown.map((each, index) => renderNewest(panel, each, span, index)),
            left > 0 ? h("li", null, `and ${left} more, ${panel.kind === "states" ? "better" : "lower"} ones`) : null,
        ),
    );
}

function renderNewest(panel: Panel, series: Series, span: Span, index: number): ComponentChild {
    const { name, points } = series;
    const value = points.at(-1)![1];
    const silent = isSilent(series, span);
    const words = silent ? "nothing any more" : inWords(panel, value);
    const kind = silent ? "unknown" : kindOf(panel, value);
    return h(
        "li",
        null,
        panel.kind === "lines"
            ? h("svg", { class: "key", viewBox: "0 0 10 10", "aria-hidden": "true" }, [
                  h("rect", { width: 10, height: 10, fill: palette[index] }),
              ])
            : null,
        panel.kind === "states" ? `${index + 1}. ` : null,
        name,
        " ",
        h("strong", { class: kind }, words),
    );
}

/** What needs a look first: states that are bad, what fell silent, the highest values. */
function byUrgency({ kind }: Panel, series: readonly Series[], span: Span): Series[] {
    const newest = ({ points }: Series) => points.at(-1)![1];
    const rank = (each: Series) => (newest(each) < 1 ? 0 : isSilent(each, span) ? 1 : 2);
    return series
        .filter(({ points }) => points.length > 0)
        .sort((a, b) => (kind === "states" ? rank(a) - rank(b) : newest(b) - newest(a)));
}

/** Prometheus has had nothing of it for some time. */
function isSilent({ points }: Series, { until }: Span): boolean {
    return until - points.at(-1)![0] >= 2 * STEP;
}

function kindOf({ kind, limits }: Panel, value: number): string | undefined {
    if (kind === "states") return value >= 1 ? "clean" : "hazard";
    if (!limits || value < limits.warning) return undefined;
    return value < limits.bad ? "drift" : "hazard";
}

function inWords({ kind, words, unit }: Panel, value: number): string {
    if (kind === "states") return words?.[value >= 1 ? 1 : 0] ?? String(value);
    return withUnit(unit, value);
}

/** @param unit Grafana's name of it */
export function withUnit(unit: string, value: number): string {
    switch (unit) {
        case "percentunit":
            return `${(value * 100).toFixed(value < 0.1 && value > 0 ? 1 : 0)} %`;
        case "celsius":
            return `${value.toFixed(0)} °C`;
        case "Bps":
            return scaled(value, ["B/s", "kB/s", "MB/s", "GB/s"], 1000);
        case "s":
            if (Math.abs(value) >= 2 * 86_400) return `${(value / 86_400).toFixed(1)} d`;
            if (Math.abs(value) >= 2 * 3600) return `${(value / 3600).toFixed(1)} h`;
            return Math.abs(value) >= 120 ? `${(value / 60).toFixed(0)} min` : `${value.toFixed(0)} s`;
        default:
            return Number.isInteger(value) ? String(value) : value.toFixed(2);
    }
}

function scaled(value: number, units: readonly string[], base: number): string {
    const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log(Math.abs(value) || 1) / Math.log(base))));
    const part = value / base ** power;
    return `${part.toFixed(power > 0 && part < 10 ? 1 : 0)} ${units[power]}`;
}

function draw(panel: Panel, series: readonly Series[], span: Span): string {
    const height = panel.kind === "states" ? 34 + 14 * series.length : 180;
    const chart = init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height });
    try {
        chart.setOption(panel.kind === "states" ? states(series, span) : lines(panel, series, span));
        return chart.renderToSVGString();
    } finally {
        chart.dispose();
    }
}

const soft = "var(--soft)";

function common({ from, until }: Span, left: number): EChartsOption {
    return {
        animation: false,
        useUTC: true,
        textStyle: { fontFamily: "system-ui, sans-serif" },
        grid: { left, right: 14, top: 8, bottom: 22 },
        xAxis: {
            type: "time",
            min: from * 1000,
            max: until * 1000,
            splitNumber: 3,
            axisLabel: { color: soft, formatter: "{HH}:{mm}", hideOverlap: true },
            axisLine: { lineStyle: { color: soft } },
            axisTick: { show: false },
        },
    };
}

function lines(panel: Panel, series: readonly Series[], span: Span): EChartsOption {
    const { limits, unit } = panel;
    const limitLines = limits
        ? [...new Set([limits.warning, limits.bad])].map((yAxis) => ({
              yAxis,
              lineStyle: { color: yAxis === limits.bad ? "var(--hazard)" : "var(--drift)", type: "dashed" as const },
          }))
        : [];
    return {
        ...common(span, 62),
        color: palette,
        yAxis: {
            type: "value",
            min: unit === "celsius" ? undefined : 0,
            splitNumber: 3,
            axisLabel: { color: soft, formatter: (value: number) => withUnit(unit, value) },
            splitLine: { lineStyle: { color: "var(--line)" } },
        },
        series: series.map(({ points }, index) => ({
            type: "line",
            showSymbol: points.length === 1,
            emphasis: { disabled: true },
            lineStyle: { width: 1.5 },
            data: withGaps(points),
            ...(index === 0 && {
                markLine: { silent: true, symbol: "none", label: { show: false }, data: limitLines },
            }),
        })),
    };
}

/** A line ends where Prometheus had nothing. */
function withGaps(points: Series["points"]): [number, number | null][] {
    return points.flatMap(([time, value], index) => {
        const before = points[index - 1]?.[0];
        const gap =
            before !== undefined && time - before > 1.5 * STEP
                ? [[(before + STEP) * 1000, null] satisfies [number, null]]
                : [];
        return [...gap, [time * 1000, value]];
    });
}

/** A bar for each, numbered as in the list below: names of any length fit there. */
function states(series: readonly Series[], span: Span): EChartsOption {
    return {
        ...common(span, 30),
        yAxis: {
            type: "category",
            inverse: true,
            data: series.map((_each, index) => `${index + 1}`),
            axisLabel: { color: soft, interval: 0, fontSize: 10 },
            axisLine: { show: false },
            axisTick: { show: false },
        },
        series: [
            {
                type: "custom",
                silent: true,
                clip: true,
                data: series.flatMap(({ points }, row) => stretches(points).map((each) => [...each, row])),
                renderItem: (_params, api) => {
                    const [start = 0, end = 0, value = 0, row = 0] = [0, 1, 2, 3].map((at) => Number(api.value(at)));
                    const [x = 0, y = 0] = api.coord([start, row]);
                    const [right = 0] = api.coord([end, row]);
                    // Whatever is wrong is thicker, too: not everybody tells the colours apart.
                    const height = value >= 1 ? 5 : 10;
                    return {
                        type: "rect",
                        shape: { x, y: y - height / 2, width: Math.max(1, right - x), height },
                        style: { fill: value >= 1 ? "var(--clean)" : "var(--hazard)" },
                    };
                },
                encode: { x: [0, 1], y: 3 },
            },
        ],
    };
}

/** From when to when it had which value, in milliseconds. */
function stretches(points: Series["points"]): [start: number, end: number, value: number][] {
    const found: [number, number, number][] = [];
    for (const [time, value] of points) {
        const last = found.at(-1);
        if (last && last[2] === value && time * 1000 <= last[1]) last[1] = (time + STEP) * 1000;
        else found.push([time * 1000, (time + STEP) * 1000, value]);
    }
    return found;
}
