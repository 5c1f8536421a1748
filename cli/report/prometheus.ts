/** The last day as a Prometheus has it: the dashboard's own panels and queries, for the report's charts. */
import pLimit from "p-limit";
import { z } from "zod";
import { filledIn, rows, type Panel, type Query } from "../../model/dashboard/panels";

export interface Series {
    readonly name: string;
    /** Seconds since 1970, and the value; no point where Prometheus has none. */
    readonly points: readonly (readonly [time: number, value: number])[];
}

export interface Charts {
    /** Seconds since 1970. */
    readonly from: number;
    readonly until: number;
    /** Panels that have something to show; a row without one is left out. */
    readonly rows: readonly {
        readonly title: string;
        readonly panels: readonly { readonly panel: Panel; readonly series: readonly Series[] }[];
    }[];
}

/** Seconds. */
export const STEP = 900;
const DAY = 86_400;
const PATIENCE = 20_000; // milliseconds for a query
const LIMIT = 16 << 20; // bytes of an answer: a hundred nodes with twenty disks each have 7 MB

const labels = z.record(z.string().max(200), z.string().max(4096));
const point = z.tuple([z.number(), z.string().max(40)]);
const jobsAnswer = answering(z.array(z.object({ metric: labels })).max(100));
const rangeAnswer = answering(
    z
        .array(z.object({ metric: labels, values: z.array(point).max(DAY / STEP + 2) }))
        .max(20_000, "more than 20,000 series"),
);
const failed = z.object({ status: z.literal("error"), error: z.string().max(2000) });

/**
 * @param address of Prometheus's own pages, `http://127.0.0.1:9090`; a user and password in it are sent as basic auth
 * @param until seconds since 1970
 * @throws Error with the address, without its password, and the reason, where it cannot be asked
 */
export async function readCharts(address: string, until: number): Promise<Charts> {
    const prometheus = new Prometheus(address);
    const job = await prometheus.jobs();
    const atOnce = pLimit(4);
    const read = async (panel: Panel) => ({
        panel,
        series: (
            await Promise.all(
                panel.queries.map((query) => atOnce(() => prometheus.range(query, { job, from: until - DAY, until }))),
            )
        ).flat(),
    });
    const all = await Promise.all(
        rows.map(async ({ title, panels }) => ({ title, panels: await Promise.all(panels.map(read)) })),
    );
    return {
        from: until - DAY,
        until,
        rows: all
            .map(({ title, panels }) => ({ title, panels: panels.filter(({ series }) => series.length > 0) }))
            .filter(({ panels }) => panels.length > 0),
    };
}

class Prometheus {
    private readonly base: URL;
    private readonly headers: Readonly<Record<string, string>>;

    constructor(address: string) {
        if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol))
            throw new Error("--prometheus takes the address of its pages, such as http://127.0.0.1:9090");
        this.base = new URL(address.endsWith("/") ? address : `${address}/`);
        const { username, password } = this.base;
        const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
        this.headers = username === "" ? {} : { authorization: `Basic ${credentials.toString("base64")}` };
        this.base.username = this.base.password = "";
    }

    /** The jobs of node-exporters, as a regular expression inside a string of PromQL. */
    async jobs(): Promise<string> {
        const query = `group by (job) (last_over_time(node_uname_info[${DAY}s]))`;
        const found = await this.ask("query", jobsAnswer, { query });
        const names = found.flatMap(({ metric }) => metric["job"] ?? []);
        if (names.length === 0) throw new Error(`${this.base.href} has scraped no node-exporter within the last day`);
        const escaped = names.map((name) => name.replace(/[^\w-]/g, "\\$&")).join("|");
        return JSON.stringify(escaped).slice(1, -1);
    }

    async range(query: Query, { job, from, until }: { job: string; from: number; until: number }): Promise<Series[]> {
        const found = await this.ask("query_range", rangeAnswer, {
            query: filledIn(query, { job, rate: `${STEP}s` }),
            start: String(from),
            end: String(until),
            step: String(STEP),
        });
        return found.map(({ metric, values }) => ({
            name: query.legend.replace(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? "").slice(0, 120),
            points: values
                .map(([time, value]) => [time, Number(value)] as const)
                .filter(([, value]) => Number.isFinite(value)),
        }));
    }

    private async ask<Result>(
        kind: "query" | "query_range",
        answer: z.ZodType<{ data: { result: Result } }>,
        parameters: Record<string, string>,
    ): Promise<Result> {
        try {
            const response = await fetch(new URL(`api/v1/${kind}`, this.base), {
                method: "POST",
                headers: this.headers,
                body: new URLSearchParams(parameters),
                redirect: "error",
                signal: AbortSignal.timeout(PATIENCE),
            });
            const said: unknown = await bounded(response);
            const refused = failed.safeParse(said);
            if (refused.success) throw new Error(refused.data.error);
            if (!response.ok) throw new Error(`it answers ${response.status}`);
            return answer.parse(said).data.result;
        } catch (error) {
            throw new Error(`${this.base.href} cannot be asked: ${reasonOf(error)}`, { cause: error });
        }
    }
}

function answering<Result extends z.ZodType>(result: Result): z.ZodObject<{ data: z.ZodObject<{ result: Result }> }> {
    return z.object({ data: z.object({ result }) });
}

/** @returns what its JSON says; undefined where it is none */
async function bounded({ body }: Response): Promise<unknown> {
    const parts: Uint8Array[] = [];
    const reader = body?.getReader();
    for (let size = 0; ;) {
        const part = await reader?.read();
        if (!part?.value) break;
        size += part.value.length;
        if (size > LIMIT) throw new Error(`an answer of more than ${LIMIT} bytes`);
        parts.push(part.value);
    }
    try {
        return JSON.parse(Buffer.concat(parts).toString("utf8"));
    } catch {
        return undefined;
    }
}

function reasonOf(error: unknown): string {
    if (error instanceof z.ZodError) return `its answer is none of Prometheus's (${error.issues[0]?.message ?? ""})`;
    const { message, cause } = error as Error;
    return cause instanceof Error && cause.message !== "" ? `${message}: ${cause.message}` : message;
}
