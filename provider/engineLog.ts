/** Messages to the person at the terminal, through the engine. */
import { credentials } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import type { Log } from "./log";

/**
 * Milliseconds: a phase that is over sooner nobody could read, and every message costs the engine as much as a small
 * file.
 */
const STATUS_INTERVAL = 1000;

export class EngineLog {
    private readonly engine: EngineClient;
    /**
     * By resource: the last of its messages that are under way. Each waits for the one before, so that they come in
     * order.
     */
    private readonly unsaid = new Map<string, Promise<void>>();
    /** By resource: its latest status, which has not been shown yet. */
    private readonly statuses = new Map<string, { show: () => void; timer: NodeJS.Timeout }>();

    /** `interval`: milliseconds. */
    constructor(
        address: string,
        private readonly interval = STATUS_INTERVAL,
    ) {
        this.engine = new EngineClient(address, credentials.createInsecure());
    }

    /** `clean` takes secrets out of what is said. */
    for(urn: string, clean: (message: string) => string = (message) => message): Log {
        const send = (severity: LogSeverity, message: string, ephemeral = false) => {
            const request = new LogRequest();
            request.setSeverity(severity);
            request.setMessage(clean(message));
            request.setUrn(urn);
            request.setEphemeral(ephemeral);
            // The engine may be on its way out; there is nobody else to tell.
            const say = () => new Promise<void>((resolve) => this.engine.log(request, () => resolve()));
            const said = (this.unsaid.get(urn)?.then(say) ?? say()).finally(
                () => this.unsaid.get(urn) === said && this.unsaid.delete(urn),
            );
            this.unsaid.set(urn, said);
        };
        return {
            status: (message) => {
                const timer = this.statuses.get(urn)?.timer ?? setTimeout(() => this.end(urn), this.interval);
                this.statuses.set(urn, { show: () => send(LogSeverity.INFO, message, true), timer });
            },
            info: (message) => send(LogSeverity.INFO, message),
            warning: (message) => send(LogSeverity.WARNING, message),
        };
    }

    /** The latest status stays beside the resource when its work is over, so one that still waits is shown now. */
    end(urn: string): void {
        const waiting = this.statuses.get(urn);
        if (!waiting) return;
        clearTimeout(waiting.timer);
        this.statuses.delete(urn);
        waiting.show();
    }

    /** What is said after the answer may come when the engine no longer listens. */
    async flush(): Promise<void> {
        await Promise.all(this.unsaid.values());
    }
}
