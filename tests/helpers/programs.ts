/** The functions of a node's program, called without running it. */
import execa from "execa";
import { programText } from "../../programs";

/** `code` sees the program's names and `given`, and sets `answer`. */
export async function runPython(program: string, code: string, given: unknown): Promise<unknown> {
    const script = `import json, sys\nasked = json.load(sys.stdin)\nnames = {"__name__": "program"}\nexec(compile(asked["text"], "program", "exec"), names)\nnames["given"] = asked["given"]\nexec(asked["code"], names)\nprint(json.dumps(names["answer"]))`;
    const { stdout } = await execa("python3", ["-c", script], {
        input: JSON.stringify({ text: programText(program), code, given }),
    });
    return JSON.parse(stdout);
}
