using System.Data.Common;
using Deployments.Data.Audit;
using Deployments.Data.Database;
using Deployments.Data.Inbox;
using Deployments.Data.Records;
using Deployments.Web.Feeds;
using FluentValidation;

namespace Deployments.Web.Records;

/// <summary>Makes records of rejected ones, once somebody has put right what was wrong with them.</summary>
/// <param name="types">The feed types.</param>
/// <param name="fields">What a record may say.</param>
/// <param name="store">Records and resolves in one transaction.</param>
/// <param name="logger">For what the database refuses.</param>
public sealed class RejectedMender(
    FeedTypeCatalog types, IValidator<DeploymentFields> fields, RejectedStore store, ILogger<RejectedMender> logger)
{
    readonly MendFieldsValidator validator = new(fields);

    /// <summary>What a rejected record says already: the beginning of every mend.</summary>
    public static MendFields FieldsOf(RejectedRow row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return new MendFields
        {
            Group = row.Group,
            Package = row.Name,
            Version = row.Version,
            Qualifier = row.Qualifier,
        }.Saying(DeploymentHeaders.Parse(row.RawHeaders));
    }

    /// <summary>What is wrong with it, by property: sentences without their subject. Empty when nothing is.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> ProblemsOf(RejectedRow row, MendFields mended)
    {
        ArgumentNullException.ThrowIfNull(row);
        var problems = validator.Validate(mended).Errors
            .ConvertAll(error => KeyValuePair.Create(error.PropertyName, error.ErrorMessage));
        if (types.FindOrNull(row.FeedType) is not { } type)
        {
            problems.Add(new("Feed",
                $"has the type '{row.FeedType}', which this version of the program does not know"));
        }
        else if (problems.Count == 0
            && CoordinateLimits.ProblemOrNull(type, PackageOf(type, row, mended)) is var (which, problem))
        {
            problems.Add(new(which == "Name" ? nameof(MendFields.Package) : which, problem));
        }

        return problems;
    }

    /// <summary>Records what can be recorded, and tells why the others cannot.</summary>
    /// <param name="ids">Which rejected records.</param>
    /// <param name="mend">What one shall say; pure.</param>
    /// <param name="by">Who does it.</param>
    /// <param name="ct">Cancels.</param>
    /// <exception cref="DbException">The database is away; nothing more has happened.</exception>
    public async Task<ReplayReport> ReplayAsync(
        IReadOnlyList<long> ids, Func<RejectedRow, MendFields> mend, Actor by, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(ids);
        var problems = new Dictionary<long, string>();
        try
        {
            return new ReplayReport(await store.ReplayAsync(ids, RecordOrNull, by, ct), problems);
        }
        catch (DbException exception) when (DatabaseFaults.IsAboutTheData(exception) && ids.Count == 1)
        {
            logger.LogWarning(exception, "Rejected record {Id} cannot be recorded as mended", ids[0]);
            problems[ids[0]] = $"The database refuses it: {exception.Message}";
            return new ReplayReport([], problems);
        }
        catch (DbException exception) when (DatabaseFaults.IsAboutTheData(exception))
        {
            // One that the database refuses must not hold up the others.
            var recorded = new List<RecordResult>();
            foreach (var id in ids)
            {
                var one = await ReplayAsync([id], mend, by, ct);
                recorded.AddRange(one.Recorded);
                foreach (var (failed, problem) in one.Problems)
                    problems[failed] = problem;
            }

            return new ReplayReport(recorded, problems);
        }

        NewRecord? RecordOrNull(RejectedRow row)
        {
            var mended = mend(row);
            if (ProblemsOf(row, mended) is [var (property, problem), ..])
            {
                problems[row.Id] = $"{property} {problem}";
                return null;
            }

            problems.Remove(row.Id);
            return ToRecord(row, mended);
        }
    }

    /// <summary>
    /// The record as it would have been made at once: the same id, road, recorder and address. Only for fields without
    /// problems.
    /// </summary>
    NewRecord ToRecord(RejectedRow row, MendFields mended)
    {
        var type = types.FindOrNull(row.FeedType)!;
        var package = PackageOf(type, row, mended);
        var entry = new InboxEntry
        {
            Id = row.Id,
            ReceivedAt = row.ReceivedAt,
            FeedId = row.FeedId,
            GroupName = package.Group,
            Name = package.Name,
            Version = package.Version,
            Qualifier = package.Qualifier,
            Application = mended.Application!,
            Description = mended.Description!,
            Target = mended.Target!,
            Url = mended.Url,
            UserName = mended.UserName ?? row.Recorder,
            DeployedAt = mended.DeployedAt,
            Recorder = row.Recorder,
            ClientAddress = row.ClientAddress,
            UserAgent = row.UserAgent,
            Road = row.Road,
            RawPath = row.RawPath,
        };
        // Headers that literally say what the record says are not kept twice.
        var saysTheSame = row.RawHeaders.Length == 0 || row.RawHeaders == DeploymentHeaders.Write(entry);
        return RecordFactory.ToRecord(type, saysTheSame ? entry : entry with { RawHeaders = row.RawHeaders });
    }

    // What the request said is exact; what somebody typed is read as names are.
    static PackageCoordinates PackageOf(IFeedType type, RejectedRow row, MendFields mended)
    {
        var (group, qualifier) = (mended.Group ?? "", mended.Qualifier ?? "");
        return (group, mended.Package, mended.Version) == (row.Group, row.Name, row.Version)
            ? new PackageCoordinates(row.Group, row.Name, row.Version, qualifier)
            : type.FromNames(group, mended.Package!, mended.Version!) with { Qualifier = qualifier };
    }
}

/// <summary>What became of rejected records that were to be replayed.</summary>
/// <param name="Recorded">Those that are records now, or repeat one.</param>
/// <param name="Problems">By id, why one is still open.</param>
public sealed record ReplayReport(
    IReadOnlyList<RecordResult> Recorded, IReadOnlyDictionary<long, string> Problems);
