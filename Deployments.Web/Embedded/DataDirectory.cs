using System.Security.AccessControl;
using System.Security.Principal;
using System.Text;

namespace Deployments.Web.Embedded;

/// <summary>Where the program keeps what must survive it: the private PostgreSQL, its password, journals.</summary>
public static class DataDirectory
{
    /// <summary>
    /// The data directory to use when none is configured: <c>/var/lib/deployments</c> for root, otherwise
    /// <c>deployments</c> in the platform's per-user data folder (<c>XDG_DATA_HOME</c> is respected).
    /// </summary>
    /// <exception cref="CannotStartException">The account has no data folder.</exception>
    public static string Default()
    {
        if (IsRoot)
            return "/var/lib/deployments";
        var folder = Environment.GetFolderPath(
            Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        return folder.Length > 0
            ? Path.Combine(folder, "deployments")
            : throw new CannotStartException(
                "This account has no home directory: name a data directory with Deployments__DataDirectory.");
    }

    /// <summary>True on Unix for the superuser, as whom PostgreSQL refuses to run.</summary>
    internal static bool IsRoot => !OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess;

    /// <summary>Creates a directory that only its owner may read; one that exists is left as it is.</summary>
    internal static void CreatePrivate(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(
                path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Writes a file that only its owner may read, and has it on disk when this returns.</summary>
    internal static void WriteSecret(string path, string text)
    {
        using var file = CreateSecret(path);
        file.Write(Encoding.ASCII.GetBytes(text));
        file.Flush(flushToDisk: true);
    }

    /// <summary>A new file that only its owner may read, in place of one that may be there.</summary>
    internal static FileStream CreateSecret(string path)
    {
        File.Delete(path);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var file = new FileStream(path, options);
        if (OperatingSystem.IsWindows())
        {
            var owner = new FileSecurity();
            owner.SetAccessRuleProtection(isProtected: true, preserveInheritance: false);
            using var me = WindowsIdentity.GetCurrent();
            owner.AddAccessRule(
                new FileSystemAccessRule(me.User!, FileSystemRights.FullControl, AccessControlType.Allow));
            new FileInfo(path).SetAccessControl(owner);
        }

        return file;
    }
}
