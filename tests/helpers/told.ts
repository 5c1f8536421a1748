/** Results that the node's program gave, held against the schema by which the client hears them (host/answers.ts). */
import { parseOutcome, type ResultAnswer } from "../../host/answers";

const nothing = { files: {}, packages: [], units: [], facts: {} };

/** As the session sends them. @throws AnswerError where the client would not believe it */
export function heard(results: readonly unknown[]): ResultAnswer["result"][] {
    return results.map((result) => {
        const answer = parseOutcome("pve01", { set: 0, result }, [nothing]);
        if (!("result" in answer)) throw new Error("a result is taken for progress");
        return answer.result;
    });
}
