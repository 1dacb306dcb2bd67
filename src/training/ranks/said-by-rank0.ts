/** Thrown where rank 0 says what is wrong: nothing is left to say here. */
export class SaidByRank0 extends Error {
  override readonly name = "SaidByRank0";
}
