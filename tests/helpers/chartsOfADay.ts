/** A day as a Prometheus might have it, for every panel: one machine is down, one fell silent, one has had a gap. */
import { STEP, type Charts, type Series } from "../../cli/report/prometheus";
import { rows, type Panel } from "../../model/dashboard/panels";

/** What a value is at most, by unit. */
const top: Readonly<Record<string, number>> = { percentunit: 1, short: 6, s: 90_000, Bps: 4e6, celsius: 80 };

export function chartsOfADay(end: Date): Charts {
    const until = end.getTime() / 1000;
    const times = Array.from({ length: 97 }, (_, index) => until - 86_400 + index * STEP);
    const series = (panel: Panel): Series[] =>
        ["pve01", "pve02", "pve03", "pve04"].map((name, which) => ({
            name,
            points: times.flatMap((time, index): [number, number][] => {
                if ((which === 2 && index > 40 && index < 55) || (which === 3 && index > 70)) return [];
                if (panel.kind === "states") return [[time, which === 1 && index > 85 ? 0 : 1]];
                return [[time, top[panel.unit]! * (0.3 + 0.1 * which + 0.2 * Math.sin(index / 9 + which))]];
            }),
        }));
    return {
        from: until - 86_400,
        until,
        rows: rows.map(({ title, panels }) => ({
            title,
            panels: panels.map((panel) => ({
                panel,
                series: panel.kind === "number" ? [{ name: "down", points: [[until, 1]] }] : series(panel),
            })),
        })),
    };
}
