// Asks the container port as AWS's SDKs do: again while the daemon says that AWS has not answered yet.
import { waitFor } from './wait-for.ts';

/** The first answer other than 503, which a busy machine gives before AWS has answered. */
export async function askUntilAnswered(url: string, token: string): Promise<Response> {
  let answer: Response | undefined;
  await waitFor('an answer of the container port', async () => {
    answer = await fetch(url, { headers: { authorization: token } });
    return answer.status !== 503;
  });
  return answer as Response;
}
