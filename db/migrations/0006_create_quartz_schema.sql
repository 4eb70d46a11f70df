-- Quartz.NET makes and owns its tables; they live apart from ours.
create schema if not exists quartz;
