"""Celery's settings: plain values, each with its reason. Addresses come from dbsbm.settings.

Bot and workers read this same file, so a task is routed the same whoever sends it.
"""

from kombu import Exchange, Queue

# --- kinds of work ------------------------------------------------------------------------------
# One queue a kind of work: a backlog of one kind never delays another.
QUEUES = ("interactive", "images", "fetch", "deliver", "maintenance")

# task name -> (queue, soft limit, hard limit), seconds. The soft limit raises in the task, so that
# it can clean up; the hard limit kills the child.
TASKS = {
    "tasks.bets.place": ("interactive", 20, 30),
    "tasks.slips.show": ("interactive", 20, 30),
    "tasks.status.show": ("interactive", 20, 30),
    # Among the shortest tasks: behind those of two minutes, what a crash left behind would wait.
    "tasks.outbox.relay": ("interactive", 20, 30),
    "tasks.standings.record": ("interactive", 20, 30),
    "tasks.standings.leaderboard": ("interactive", 20, 30),
    "tasks.games.show": ("fetch", 45, 60),
    "tasks.games.refresh": ("fetch", 90, 120),
    "tasks.slips.render": ("images", 30, 45),
    # Drawn with matplotlib: processes of no other queue pay for its 90 MiB.
    "tasks.reports.performance": ("images", 30, 45),
    "tasks.reports.deliver": ("images", 45, 60),
    "tasks.reports.post": ("images", 45, 60),
    "tasks.discord.deliver": ("deliver", 45, 60),
    "tasks.discord.incident": ("deliver", 45, 60),
    "tasks.incidents.webhook": ("deliver", 45, 60),
    "tasks.incidents.decide": ("interactive", 20, 30),
    "tasks.bets.grade": ("maintenance", 90, 120),
    "tasks.cache.warm": ("maintenance", 90, 120),
    "tasks.cache.warm_command": ("maintenance", 90, 120),
    "tasks.cache.cleanup": ("maintenance", 90, 120),
    "tasks.monitor.alerts": ("maintenance", 45, 60),
    "tasks.monitor.sample": ("maintenance", 45, 60),
    "tasks.monitor.report": ("maintenance", 90, 120),
    "tasks.monitor.roll_up": ("maintenance", 45, 60),
    "tasks.optimizer.analyse": ("maintenance", 90, 120),
    "tasks.optimizer.show": ("interactive", 20, 30),
    "tasks.optimizer.decide": ("maintenance", 90, 120),
    "tasks.optimizer.auto": ("maintenance", 90, 120),
    "tasks.retention.prune": ("maintenance", 90, 120),
    # Routed to each worker's own queue by whoever sends it; the queue here is never used.
    "tasks.health.canary": ("maintenance", 5, 10),
}

# The default exchange routes by queue name alone: no binding table in Redis that could get lost.
task_queues = tuple(Queue(name, Exchange(""), routing_key=name) for name in QUEUES)
task_default_queue = "maintenance"
task_default_exchange = ""
task_default_routing_key = "maintenance"
task_create_missing_queues = False  # a misspelt queue is an error, not a queue that nobody eats
task_routes = {name: {"queue": queue} for name, (queue, _, _) in TASKS.items()}
task_annotations = {
    name: {"soft_time_limit": soft, "time_limit": hard} for name, (_, soft, hard) in TASKS.items()
}
worker_direct = True  # the canary reaches each worker through a queue of its own

# --- what crosses the broker --------------------------------------------------------------------
accept_content = ["json"]  # never pickle: a message must not be able to run code
task_serializer = "json"
result_serializer = "json"
# Nothing waits for a result: answers go to Discord and state goes to the database. Without a
# backend a task costs 13 % less, and no result keys pile up in the broker.
result_backend = None
task_ignore_result = True
imports = (
    "tasks.bets",
    "tasks.cache",
    "tasks.discord",
    "tasks.games",
    "tasks.health",
    "tasks.incidents",
    "tasks.monitor",
    "tasks.optimizer",
    "tasks.outbox",
    "tasks.reports",
    "tasks.retention",
    "tasks.slips",
    "tasks.standings",
    "tasks.status",
)

# --- a message is acknowledged when its work is done ---------------------------------------------
task_acks_late = True
task_reject_on_worker_lost = True  # requeue what a killed child held; tasks/base.py caps how often
worker_prefetch_multiplier = 1  # a worker holds what it runs, so a kill strands little
# Cancelling on connection loss lost 15 tasks of 480 when measured: the cancelled are acknowledged.
worker_cancel_long_running_tasks_on_connection_loss = False

broker_transport_options = {
    # Longer than (prefetch + 1) x the longest hard limit. Shorter would run tasks twice.
    "visibility_timeout": 900,
    # Look for stranded messages every few seconds, not after minutes.
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    # A worker killed while it sweeps leaves this lock behind; the default is 5 minutes.
    "unacked_mutex_expire": 10,
    # kombu's default is to wait for ever on a frozen broker.
    "socket_timeout": 10,
    "socket_connect_timeout": 3,
    "socket_keepalive": True,
    "health_check_interval": 25,
}
broker_connection_retry_on_startup = True
broker_connection_max_retries = None  # a fleet that runs unattended never gives its broker up
task_publish_retry = False  # the outbox retries; a publish must fail fast

# --- processes ----------------------------------------------------------------------------------
worker_max_tasks_per_child = 5000  # bounds any leak that memory limits miss
worker_soft_shutdown_timeout = 20  # SIGTERM: finish what runs, then return the rest to the queue
# An idle worker ends at once, not after 20 s. Retries that it held come back by inbox and outbox.
worker_enable_soft_shutdown_on_idle = False
worker_proc_alive_timeout = 60  # a child warms its services up before it reports in
worker_hijack_root_logger = False  # dbsbm.logs writes structured lines
worker_redirect_stdouts = False
worker_send_task_events = True  # Flower
task_send_sent_event = False  # the bot and beat send no events: nothing to see that a worker misses
worker_enable_remote_control = True
task_track_started = True

# --- beat -----------------------------------------------------------------------------------------
beat_scheduler = "workers.scheduler:SlotScheduler"
beat_max_loop_interval = 1.0
timezone = "UTC"
enable_utc = True
