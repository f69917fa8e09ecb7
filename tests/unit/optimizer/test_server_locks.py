"""Deadlocks as MySQL prints them; those of MariaDB are tested on a real server."""

from __future__ import annotations

from datetime import UTC, datetime

from dbsbm.optimizer.server.locks import find_deadlock
from dbsbm.optimizer.server.model import Deadlock

NOW = datetime(2026, 11, 22, 16, 0, 30, tzinfo=UTC)

# The server's clock shows another zone than UTC.
MYSQL = """
=====================================
2026-11-22 12:00:30 0x7f5a InnoDB MONITOR OUTPUT
=====================================
------------------------
LATEST DETECTED DEADLOCK
------------------------
2026-11-22 11:59:30 0x7f5b
*** (1) TRANSACTION:
TRANSACTION 4424, ACTIVE 1 sec starting index read
mysql tables in use 1, locked 1
LOCK WAIT 3 lock struct(s), heap size 1128, 2 row lock(s), undo log entries 1
MySQL thread id 19, OS thread handle 140299066656448, query id 11869 localhost app updating
update users set name='secret'
where id=1

*** (1) HOLDS THE LOCK(S):
RECORD LOCKS space id 7 page no 5 n bits 424 index PRIMARY of table `shop`.`users` trx id 4424
Record lock, heap no 357 PHYSICAL RECORD: n_fields 8; compact format; info bits 0
 0: len 4; hex 00000001; asc     ;;

*** (1) WAITING FOR THIS LOCK TO BE GRANTED:
RECORD LOCKS space id 7 page no 5 n bits 424 index PRIMARY of table `shop`.`users` trx id 4424

*** (2) TRANSACTION:
TRANSACTION 4423, ACTIVE 1 sec starting index read
MySQL thread id 18, OS thread handle 140299066963648, query id 11866 localhost app updating
delete from bets where id = 42

*** (2) HOLDS THE LOCK(S):
RECORD LOCKS space id 7 page no 5 n bits 424 index PRIMARY of table `shop`.`users` trx id 4423

*** WE ROLL BACK TRANSACTION (1)
------------
TRANSACTIONS
------------
Trx id counter 4427
"""


def test_both_statements_are_found_without_values_and_when_it_was() -> None:
    assert find_deadlock(MYSQL.replace("InnoDB MON", "INNODB MON"), NOW) == Deadlock(
        datetime(2026, 11, 22, 15, 59, 30, tzinfo=UTC),
        ("update users set name=? where id=?", "delete from bets where id = ?"),
    )


def test_a_server_without_deadlocks() -> None:
    assert find_deadlock("2026-11-22 12:00:30 0x7f5a INNODB MONITOR OUTPUT\n", NOW) is None
