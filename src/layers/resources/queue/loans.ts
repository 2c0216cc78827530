/** Permits lent down a path of owners: whoever waits for a call below it does not work meanwhile, so its permit can. */

import { type Hold, isBelow, type Loan } from "../hold.ts";
import { concurrencyDimension, type Limit } from "../limits/limit.ts";

/** Gives how many permits a holder could lend. Custom resources are never lent: their holder may still use them. */
export function lendableOf(limit: Limit, hold: Hold): number {
  let amount = hold.serial > limit.firstSerial && hold.scope.path.includes(limit) ? hold.concurrency : 0;
  for (const loan of hold.loans ?? []) if (loan.limit === limit && loan.lender === hold) amount -= loan.amount;
  return amount;
}

/** Gives how many permits those above an asker could lend it. */
export function lendableTo(asker: Hold, limit: Limit, holds: Iterable<Hold>): number {
  if (limit.dimension !== concurrencyDimension) return 0;
  let amount = 0;
  for (const hold of holds) if (isBelow(asker.owner, hold.owner)) amount += lendableOf(limit, hold);
  return amount;
}

/** Lends an asker all it asks for of a limit, from the nearest holder upwards. */
export function lend(asker: Hold, limit: Limit, holds: Iterable<Hold>): void {
  const lenders = [...holds].filter((hold) => isBelow(asker.owner, hold.owner) && lendableOf(limit, hold) > 0);
  lenders.sort((a, b) => b.owner.length - a.owner.length);
  let missing = asker.amountOf(limit.dimension);
  for (const lender of lenders) {
    const amount = Math.min(missing, lendableOf(limit, lender));
    if (amount > 0) note({ limit, lender, borrower: asker, amount });
    missing -= amount;
  }
}

/**
 * Ends the loans of a holder that is released, and gives how many permits that leaves it to give back to the limit.
 * Borrowed ones go back to their lenders; lent ones stay with their borrowers, whose debt passes on to the lenders above.
 */
export function closeLoans(hold: Hold, limit: Limit): number {
  let free = hold.amountOf(limit.dimension);
  const mine = (hold.loans ?? []).filter((loan) => loan.limit === limit);
  const borrowed = mine.filter((loan) => loan.borrower === hold);
  for (const loan of mine) forget(loan);
  for (const loan of borrowed) free -= loan.amount;
  for (const lent of mine) {
    if (lent.lender !== hold) continue;
    for (const debt of borrowed) {
      const amount = Math.min(lent.amount, debt.amount);
      if (amount === 0) continue;
      note({ limit, lender: debt.lender, borrower: lent.borrower, amount });
      lent.amount -= amount;
      debt.amount -= amount;
    }
    free -= lent.amount;
  }
  return free;
}

function note(loan: Loan): void {
  for (const hold of [loan.lender, loan.borrower]) {
    hold.loans ??= [];
    hold.loans.push(loan);
  }
}

function forget(loan: Loan): void {
  for (const hold of [loan.lender, loan.borrower]) hold.loans = hold.loans?.filter((other) => other !== loan);
}
