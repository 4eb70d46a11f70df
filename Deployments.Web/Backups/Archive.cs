using System.Formats.Tar;
using System.Text.Json;
using Deployments.Web.Embedded;

namespace Deployments.Web.Backups;

/// <summary>What stands first in a backup.</summary>
/// <param name="Format">The shape of the archive; this program knows 1.</param>
/// <param name="Program">The version of the program that made it.</param>
/// <param name="MadeAt">When it was begun: what was acknowledged before is in it.</param>
sealed record BackupLabel(int Format, string Program, DateTimeOffset MadeAt)
{
    /// <summary>The one shape that there is.</summary>
    public const int FormatNow = 1;
}

/// <summary>
/// The names within a backup, which is a tar archive: label, journal, dump of the database, keys, packages, and last of
/// all a mark that it is whole.
/// </summary>
static class Archive
{
    public const string Label = "backup.json";
    public const string Journal = "journal/";
    public const string Dump = "database.dump";
    public const string Keys = "key-ring.keys";
    public const string Packages = "packages/";
    public const string End = "complete";

    /// <summary>Reads a backup to its end, and says what it is.</summary>
    /// <exception cref="CannotStartException">It is no backup, is cut short, or is of a shape that is not known.
    /// </exception>
    public static async Task<BackupLabel> CheckAsync(string path)
    {
        try
        {
            await using var file = File.OpenRead(path);
            await using var tar = new TarReader(file);
            BackupLabel? label = null;
            var (hasDump, isWhole) = (false, false);
            while (await tar.GetNextEntryAsync() is { } entry)
            {
                if (label is null)
                {
                    label = entry is { Name: Label, DataStream: { } content }
                        ? await JsonSerializer.DeserializeAsync<BackupLabel>(content, JsonSerializerOptions.Web)
                        : null;
                    if (label is null)
                        break;
                    if (label.Format != BackupLabel.FormatNow)
                        throw new CannotStartException(
                            $"{path} was made by version {label.Program} in a format that this version does not know.");
                }
                else if (!IsOurs(entry.Name))
                {
                    throw new CannotStartException($"{path} holds '{entry.Name}', which no backup does.");
                }

                hasDump |= entry.Name == Dump;
                isWhole |= entry.Name == End;
            }

            return label is null ? throw new CannotStartException($"{path} is no backup of this program.")
                : hasDump && isWhole ? label
                : throw new CannotStartException($"{path} is cut short: it does not hold all that was backed up.");
        }
        catch (Exception exception) when (exception is InvalidDataException or EndOfStreamException or JsonException)
        {
            throw new CannotStartException($"{path} is no backup of this program, or is cut short.", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CannotStartException($"The backup {path} cannot be read: {exception.Message}", exception);
        }
    }

    // Whatever wrote the archive: nothing of it may be put anywhere else.
    static bool IsOurs(string name) =>
        name is Dump or Keys or End
        || (name.StartsWith(Journal, StringComparison.Ordinal) || name.StartsWith(Packages, StringComparison.Ordinal))
            && !name.Contains('\\', StringComparison.Ordinal)
            && name.Split('/').All(part => part is not ("" or "." or ".."));
}
