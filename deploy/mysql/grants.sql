-- What the fleet's user may do beyond its own database. The image runs this once, when it makes the
-- database; for one that was made before: docs/operators.md. Running it twice does no harm.

-- Deadlocks, lock waits, open transactions, and how far a replica is behind.
GRANT PROCESS, REPLICATION CLIENT ON *.* TO 'dbsbm'@'%';

-- Which statements cost most, and which indexes they use.
GRANT SELECT ON performance_schema.* TO 'dbsbm'@'%';
GRANT SELECT ON mysql.innodb_index_stats TO 'dbsbm'@'%';

-- The optimizer tries its changes on copies in schemas of their own, and drops these.
GRANT ALL ON `%\_\_shadow\_%`.* TO 'dbsbm'@'%';

-- Copies are not written into the binary log: SET SESSION sql_log_bin = 0.
GRANT SESSION_VARIABLES_ADMIN ON *.* TO 'dbsbm'@'%';
