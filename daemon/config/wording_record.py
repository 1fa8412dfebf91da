"""What each fault of `journal:` says, in the same form as `daemon.config.wording`."""

RECORD = {
    "size": (
        "{value} is no size", "write 100 MB or more, for example 8 GB",
        "{value} 不是容量", "请写至少 100 MB，例如 8 GB"),
    "kept_too_short": (
        "{value} is too short, or no whole number of days", "at least {least}: {source}",
        "{value} 太短，或不是整天数", "至少 {least}：{source}"),
    "disk_percent": (
        "{value} is no such share of a disk", "write 50 % to 99.5 %",
        "{value} 不能作为磁盘占用的界限", "请写 50 % 到 99.5 %"),
    "thin_first": (
        "lines would go at {thin}, before anybody is told at {full}", "thin must be above full",
        "占用 {thin} 时已删记录，而 {full} 才报警", "thin 必须大于 full"),
    "fire_history_short": (
        "the history of fires is kept for {days}; a box that stands alone must keep {year} (GB/T 45839-2025 5.9.5)",
        "leave it so only if a remote platform keeps it",
        "火警历史只保存 {days}；独立运行时须保存 {year}（GB/T 45839-2025 5.9.5）",
        "只有远程平台已保存时才可如此"),
}  # fmt: skip
"""Code -> what was found and what is right, in English, then in Chinese."""
