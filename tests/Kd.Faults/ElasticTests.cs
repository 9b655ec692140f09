using Kd.Tests;

namespace Kd.Faults;

/// <summary>Teachers join and leave during a run.</summary>
[Collection(nameof(OneSystem))]
public sealed class ElasticTests(Reference reference)
{
    [Fact]
    public async Task List_OneThreeTwoTeachers_GivesTheSameWeights()
    {
        using var folder = TestFiles.CreateFolder();
        var list = folder.File("teachers");
        await reference.AssertSameAsync(
            async system =>
            {
                // Gives the run the same pace on each machine.
                system.TeacherLinks.ForEach(link => link.Delay = TimeSpan.FromMilliseconds(50));
                await system.AddTeacherAsync();
                system.TeacherLinks[2].Delay = system.TeacherLinks[0].Delay;
                using var shares = new ReplicaShares(system.Processes["trainer"]);
                var teachers = Enumerable.Range(1, 3).Select(teacher => system.Processes[$"teacher{teacher}"]).ToList();
                List(system, 0);
                var one = await shares.WaitAsync(32, teachers[0]);
                Assert.Single(one);
                var output = system.Output.Length;

                List(system, 0, 1, 2);
                await shares.WaitAsync(48, teachers);

                system.Kill("teacher1");
                List(system, 1, 2);
                await shares.WaitAsync(48, teachers[1], teachers[2]);
                Assert.False(system.HasEnded, "the run was over too early");
                Assert.DoesNotContain("is unavailable", system.Output[output..]);
            },
            $"--TeacherClient:Address={new Uri(list)}"
        );

        // Renamed, so that no reader sees half of it.
        void List(FaultySystem system, params int[] links)
        {
            File.WriteAllLines(list + ".new", links.Select(link => $"http://127.0.0.1:{system.TeacherLinks[link].Port}"));
            File.Move(list + ".new", list, overwrite: true);
        }
    }
}
