/** Messages to the person at the terminal, through the engine. */
import { credentials } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import type { Log } from "./fileSet";

export class EngineLog {
    private readonly engine: EngineClient;

    constructor(address: string) {
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
            this.engine.log(request, () => undefined); // the engine may be on its way out; there is nobody else to tell
        };
        return {
            status: (message) => send(LogSeverity.INFO, message, true),
            info: (message) => send(LogSeverity.INFO, message),
            warning: (message) => send(LogSeverity.WARNING, message),
        };
    }
}
