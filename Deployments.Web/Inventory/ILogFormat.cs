using System.Text;
using Deployments.Web.Records;

namespace Deployments.Web.Inventory;

/// <summary>One form in which package managers log what they did. Stateless; what it reads may be anything.</summary>
interface ILogFormat
{
    /// <summary>What <c>format=</c> calls it.</summary>
    string Name { get; }

    /// <summary>The package manager, as the application of its records.</summary>
    string Application { get; }

    /// <summary>The package URL type of its packages.</summary>
    string PackageType { get; }

    /// <summary>Reads it transaction by transaction, oldest first.</summary>
    /// <param name="input">UTF-8.</param>
    /// <param name="clock">Tells what time its local times are.</param>
    /// <param name="ct">Ends the reading.</param>
    IAsyncEnumerable<LogEntry> ReadAsync(Stream input, LogClock clock, CancellationToken ct);
}

/// <summary>The forms of logs that this program reads.</summary>
static class LogFormats
{
    /// <summary>Every one.</summary>
    public static IReadOnlyList<ILogFormat> All { get; } = [new AptHistoryFormat(), new ZyppHistoryFormat()];

    /// <summary>Their names, for people.</summary>
    public static string Names => string.Join(", ", All.Select(format => format.Name));

    /// <summary>The form called so; null when there is none.</summary>
    public static ILogFormat? FindOrNull(string name) =>
        All.FirstOrDefault(format => format.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
}

/// <summary>What a log tells of one package, or one place in it that cannot be read.</summary>
/// <param name="Line">Its line, from 1.</param>
sealed record LogEntry(long Line)
{
    /// <summary>What is wrong with a line of many megabytes.</summary>
    public static string TooLong => $"is longer than {InventoryText.EntryBytesMax >> 20} MB";

    /// <summary>Why it cannot be read; null when it can.</summary>
    public string? Problem { get; init; }

    /// <summary>Whether it is a transaction that failed, or has not ended: what of it was done is not known.</summary>
    public bool IsUnfinished { get; init; }

    /// <summary>The package.</summary>
    public string Package { get; init; } = "";

    /// <summary>The version that was put there, or taken away.</summary>
    public string Version { get; init; } = "";

    /// <summary>The architecture; empty when it is not told.</summary>
    public string Architecture { get; init; } = "";

    /// <summary>Whether it was taken away.</summary>
    public bool IsRemoval { get; init; }

    /// <summary>Whether nobody asked for it by name: another package needs it, or no longer does.</summary>
    public bool IsAutomatic { get; init; }

    /// <summary>The transaction it is part of.</summary>
    public LogTransaction Transaction { get; init; } = LogTransaction.None;
}

/// <summary>What somebody had a package manager do at once.</summary>
/// <param name="User">Who, as the log has it.</param>
/// <param name="Command">The command; empty when the log does not tell.</param>
/// <param name="BeganAt">When it began.</param>
/// <param name="At">When it, or this part of it, was done.</param>
sealed record LogTransaction(string User, string Command, DateTimeOffset BeganAt, DateTimeOffset At)
{
    /// <summary>Who wrote such a log without naming anybody: it takes root to install.</summary>
    public const string Root = "root";

    /// <summary>Of a place that is part of none.</summary>
    public static readonly LogTransaction None = new("", "", default, default);

    /// <summary>A command as a record describes it: one that names a thousand packages by its beginning.</summary>
    public static string Excerpt(string command)
    {
        var text = string.Concat(command.EnumerateRunes().Take(DeploymentRules.DescriptionLengthMax + 1)
            .Select(rune => Rune.IsControl(rune) ? " " : rune.ToString()));
        return text.EnumerateRunes().Count() <= DeploymentRules.DescriptionLengthMax
            ? text.Trim()
            : string.Concat(text.EnumerateRunes().Take(DeploymentRules.DescriptionLengthMax - 1)) + "…";
    }
}
