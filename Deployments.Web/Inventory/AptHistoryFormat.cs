using System.Runtime.CompilerServices;

namespace Deployments.Web.Inventory;

/// <summary>
/// apt's <c>/var/log/apt/history.log</c>: paragraphs from Start-Date to End-Date, of which lists such as
/// <c>Upgrade: name:arch (old, new), …</c> say what was done.
/// </summary>
sealed class AptHistoryFormat : ILogFormat
{
    static readonly string[] Puts = ["Install", "Upgrade", "Downgrade", "Reinstall"];
    static readonly string[] Takes = ["Remove", "Purge"];

    /// <inheritdoc/>
    public string Name => "apt-history";

    /// <inheritdoc/>
    public string Application => "apt";

    /// <inheritdoc/>
    public string PackageType => "deb";

    /// <inheritdoc/>
    public async IAsyncEnumerable<LogEntry> ReadAsync(
        Stream input, LogClock clock, [EnumeratorCancellation] CancellationToken ct)
    {
        Paragraph? paragraph = null;
        await foreach (var (number, text) in InventoryText.LinesAsync(input, InventoryText.EntryBytesMax, ct))
        {
            if (text is null)
            {
                yield return new LogEntry(number) { Problem = LogEntry.TooLong };
                if (paragraph is not null)
                    paragraph.IsDamaged = true;
            }
            else if (text.Split(':', 2) is ["Start-Date", var began])
            {
                if (paragraph is not null)
                    yield return paragraph.Unfinished;
                paragraph = new Paragraph(number, clock.Read(began));
            }
            else if (!string.IsNullOrWhiteSpace(text) && paragraph is null)
                yield return new LogEntry(number) { Problem = "is of a transaction whose beginning is missing" };
            else if (text.Split(':', 2) is ["End-Date", var ended])
            {
                foreach (var entry in paragraph!.End(number, clock.Read(ended)))
                    yield return entry;
                paragraph = null;
            }
            else
                paragraph?.Add(number, text);
        }

        if (paragraph is not null)
            yield return paragraph.Unfinished;
    }

    sealed class Paragraph(long line, DateTimeOffset? began)
    {
        readonly List<(long Line, string Action, string List)> lists = [];
        string user = LogTransaction.Root;
        string command = "";
        bool hasFailed;
        long length;

        public bool IsDamaged { get; set; }

        public LogEntry Unfinished => new(line) { IsUnfinished = true };

        public void Add(long number, string text)
        {
            if (text.Split(':', 2) is not [var key, var rest])
                return;
            if (key == "Commandline")
                command = LogTransaction.Excerpt(rest);
            else if (key == "Requested-By") // jane (1000)
                user = rest.Split('(')[0].Trim() is { Length: > 0 } name ? name : user;
            else if (key == "Error")
                hasFailed = true;
            else if (Puts.Contains(key) || Takes.Contains(key))
                Keep(number, key, rest);
        }

        void Keep(long number, string action, string list)
        {
            length += list.Length;
            if (length > InventoryText.EntryBytesMax)
                IsDamaged = true;
            else
                lists.Add((number, action, list));
        }

        public IEnumerable<LogEntry> End(long number, DateTimeOffset? ended)
        {
            if (began is null || ended is null)
                return [new LogEntry(began is null ? line : number) { Problem = "is not a date and a time" }];
            if (hasFailed || IsDamaged)
                return [Unfinished];
            var transaction = new LogTransaction(user, command, began.Value, ended.Value);
            return lists.SelectMany(list => Packages(list.Line, list.List, list.Action, transaction));
        }

        static IEnumerable<LogEntry> Packages(long number, string list, string action, LogTransaction transaction)
        {
            foreach (var item in list.Split("),", StringSplitOptions.RemoveEmptyEntries))
            {
                if (item.Trim().TrimEnd(')').Split(" (") is not [var name, var said]
                    || name.AsSpan().ContainsAny(' ', ',')
                    || said.Split(", ") is not [var version, .. var more]
                    || action is "Upgrade" or "Downgrade" && more.Length == 0)
                {
                    yield return new LogEntry(number) { Problem = $"{action} does not list packages as apt does" };
                    continue;
                }

                yield return new LogEntry(number)
                {
                    Package = name.Split(':')[0],
                    Architecture = name.Split(':', 2) is [_, var architecture] ? architecture : "",
                    Version = action is "Upgrade" or "Downgrade" ? more[0] : version,
                    IsRemoval = Takes.Contains(action),
                    IsAutomatic = more is [.., "automatic"],
                    Transaction = transaction,
                };
            }
        }
    }
}
